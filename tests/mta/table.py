"""replies.tsv: what the peer says, and what has to come of it.

Both sides read it with this: the peer to answer, expect.py to know the outcome.
Columns: local part, stage, reply, final status word, enhanced code.

stage   the command that the reply answers: RCPT, DATA, EOD (end of DATA) are keyed by the
        recipient's local part, MAIL by the sender's; CONNECT and EHLO have a port of their own
reply   \\n begins the next line of a multi-line reply, \\xNN is a byte; a leading "N*" repeats
        the first line N times; DROP closes, TIMEOUT says nothing, a last " CLOSE" closes after
        the reply
final   bounced; sent: accepted, where the reply is a temporary one at the second try;
        deferred: never accepted, so it expires
code    what Postfix logs as dsn= for this reply
"""

import os
import re
from collections import namedtuple

HERE = os.path.dirname(os.path.abspath(__file__))
ACCEPTED = "250 2.0.0 Ok: queued as 1F2E3D4C5B"
COMMANDS = {"MAIL": "MAIL FROM", "RCPT": "RCPT TO", "DATA": "DATA", "EOD": "end of DATA"}
# Postfix cuts a logged line at about 2,000 bytes: behind this nothing can be asked for
LOGGED = 1700

Row = namedtuple("Row", "local stage reply final code")


def load():
    rows = {}
    with open(os.path.join(HERE, "replies.tsv"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("# "):
                row = Row(*line.rstrip("\n").split("\t"))
                assert row.local not in rows, row.local
                rows[row.local] = row
    return rows


def split_address(address):
    """Local part and domain; an @ may stand in a quoted local part."""
    local, _, domain = address.rpartition("@")
    return local, domain


def lookup(rows, address, stages):
    """The row of an address: of its local part, or of what stands before a +tag."""
    local = split_address(address)[0]
    for key in (local, local.partition("+")[0]):
        if key in rows and rows[key].stage in stages:
            return rows[key]
    return None


def silent(row):
    return row.reply in ("DROP", "TIMEOUT")


def temporary(row):
    return silent(row) or wire(row.reply)[0].startswith(b"4")


def wire(text):
    """The reply's bytes as they are sent, and whether the peer closes after them."""
    text, close, _ = text.partition(" CLOSE")
    repeat = re.match(r"(\d+)\*", text)
    if repeat:
        first, rest = text[repeat.end():].split(r"\n", 1)
        text = r"\n".join([first] * int(repeat[1]) + [rest])
    parts = re.split(rb"\\n|(\\x[0-9a-f]{2})", text.encode())
    # a None is where a \n stood
    data = b"".join(
        b"\r\n" if p is None else bytes([int(p[2:], 16)]) if p.startswith(b"\\x") else p
        for p in parts)
    return data + b"\r\n", bool(close)


def logged(text):
    """The same reply as Postfix logs it: lines joined by a blank, no odd bytes."""
    data = wire(text)[0].rstrip(b"\r\n").replace(b"\r\n", b" ")
    text = data.decode("utf-8", "surrogateescape")
    return "".join("?" if c < " " or c == "\x7f" or "\udc80" <= c <= "\udcff" else c for c in text)
