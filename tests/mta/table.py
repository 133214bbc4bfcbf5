"""replies.tsv: what the peer says, and what has to come of it.

Both sides read it with this: the peer to answer, expect.py to know the outcome.
Columns: local part, stage, reply, final status word, enhanced code. A + and what follows it in
an address's local part do not count.

stage   the command that the reply answers: RCPT, DATA, EOD (end of DATA) are keyed by the
        recipient's local part, MAIL by the sender's; CONNECT and EHLO have a port of their own;
        FIRST: RCPT, but only the first of two hosts says it; FILTER: a content filter says it
reply   \\n begins the next line of a multi-line reply, \\xNN is a byte; a leading "N*" repeats
        the first line N times; DROP closes, TIMEOUT says nothing, a last " CLOSE" closes after
        the reply; {QID} is the message's queue id, {OTHER} another one, {LONG} many words
final   bounced; sent: accepted, where the reply is a temporary one at the second try;
        deferred: never accepted, so it expires
code    what Postfix logs as dsn= for this reply
"""

import os
import re
from collections import namedtuple

import addresses

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


def lookup(rows, address, stages):
    """The row of an address: of its local part, or of what stands before a +tag."""
    local = addresses.split(address)[0]
    bare = addresses.plain(local)
    for key in (local, bare, bare.partition("+")[0]):
        if key in rows and rows[key].stage in stages:
            return rows[key]
    return None


def silent(row):
    return row.reply in ("DROP", "TIMEOUT")


def temporary(row):
    return silent(row) or wire(row.reply)[0].startswith(b"4")


def wire(text):
    """The reply's bytes as they are sent, and whether the peer closes after them."""
    text, close, _ = text.replace("{LONG}", "word " * 240).partition(" CLOSE")
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


def printable(data):
    """Bytes as Postfix logs them (printable.c): `?` for controls and for what is no UTF-8 by the
    look of it."""
    out, at = bytearray(), 0
    while at < len(data):
        end = at + 1
        if data[at] >= 0xc2:
            while end < len(data) and 0x80 <= data[end] < 0xc0:
                end += 1
        ok = 0x20 <= data[at] < 0x7f or end > at + 1
        out += data[at:end] if ok else b"?"
        at = end
    return bytes(out)


def logged(text):
    """The same reply as an event has it: lines joined by a blank, blanks for those control
    characters that Postfix logs. What is no UTF-8 even so has lone surrogates."""
    data = wire(text)[0].rstrip(b"\r\n").replace(b"\r\n", b" ")
    return re.sub("[\x80-\x9f]", " ", printable(data).decode("utf-8", "surrogateescape"))
