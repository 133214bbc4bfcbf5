#!/usr/bin/python3
"""What is submitted, and what becomes of the addresses that no scripted peer answers for.

    cases.py maps DIR    write the maps of Postfix into DIR/etc, from DIR/ports.tsv

Domains: main.test, plain.test, lmtp.test, lmtpunix.test and sender.test lead to the peer; the
local parts that replies.tsv has for CONNECT and EHLO stand in conn.test.
"""

import os
import sys
from collections import namedtuple

import table

# options: "sendmail" or "smtp" (how it is submitted), "verp", "notify" (a success DSN),
# "large" (over the 2,000 bytes that the listener small takes)
Case = namedtuple("Case", "n sender rcpts options")

# alias: what it stands for. The log has the alias as orig_to=, and that is the recipient.
VIRTUAL = {
    "alias@va.test": ["aliased@main.test"],
    "team@va.test": ["team-one@main.test", "team-two@plain.test"],
    "half@va.test": ["half-ok@main.test", "sendmail-unknown+half@main.test"],
    "late@va.test": ["gmail-full+late@main.test"],
    "both@va.test": ["both-ok@main.test", "outlook-rate+both@main.test"],
}
FORWARDED = {"fwd@local.test": ["forwarded@main.test"]}

# Deliveries without a peer: final status word, code, and what Postfix says itself
LOCAL = {
    "daemon@local.test": ("sent", "2.0.0", "delivered to mailbox"),
    "tofile@local.test": ("sent", "2.0.0", "delivered to file"),
    "nosuch@local.test": ("bounced", "5.1.1", 'unknown user: "nosuch"'),
    "cmd0@local.test": ("sent", "2.0.0", "delivered to command"),
    "cmd67@local.test": ("bounced", "5.1.1", "user unknown. Command output: exit-67"),
    "cmd75@local.test": ("deferred", "4.3.0", "temporary failure. Command output: exit-75"),
    "box@virt.test": ("sent", "2.0.0", "delivered to mailbox"),
    "maildir@virt.test": ("sent", "2.0.0", "delivered to maildir"),
    "nosuch@virt.test": ("bounced", "5.1.1", 'unknown user: "nosuch@virt.test"'),
    "nosuch@va.test": ("bounced", "5.1.1", "User unknown in virtual alias table"),
    "exit-0@pipe.test": ("sent", "2.0.0", "delivered via exits service"),
    "exit-67@pipe.test": ("bounced", "5.1.1", "user unknown. Command output: exit-67"),
    "exit-69@pipe.test": ("bounced", "5.3.0", "service unavailable. Command output: exit-69"),
    "exit-75@pipe.test": ("deferred", "4.3.0", "temporary failure. Command output: exit-75"),
    "exit-3@pipe.test": ("bounced", "5.3.0", "Command died with status 3:"),
    "a@gone.test": ("bounced", "5.1.2", "Bad destination: no such domain"),
    "a@fake.test": ("bounced", "5.4.4", "odd), dsn=2.0.0, status=sent (250 fake"),
    "a@later.test": ("deferred", "4.3.5", "this transport sleeps"),
    "a@refused.test": ("deferred", "4.4.1", "Connection refused"),
    "b@refused.test": ("deferred", "4.4.1", "Connection refused"),
    "c@refused.test": ("deferred", "4.4.1", "Connection refused"),
    "a@discard.test": ("sent", "2.0.0", "thrown away"),
    "large@small.test": ("bounced", "5.3.4", "exceeds size limit 2000 of server"),
}
MARKER = "rig-%03d@mx1.example"


def originals():
    """Final address to the one that the message was sent to."""
    return {final: alias for table_ in (VIRTUAL, FORWARDED)
            for alias, finals in table_.items() for final in finals}


def domain_of(row, n):
    if row.stage in ("CONNECT", "EHLO"):
        return "conn.test"
    if row.local.startswith("dovecot"):
        return ("lmtp.test", "lmtpunix.test")[n % 2]
    # every fifth one meets a peer without PIPELINING and the like; UTF-8 needs SMTPUTF8
    return "plain.test" if n % 5 == 0 and row.local.isascii() else "main.test"


# Several recipients, senders of all sorts. {n} is the case's number: senders have to differ,
# for by them the peer's account is matched with what was submitted.
TOGETHER = [
    ("bulk+{n}", ["a@refused.test", "b@refused.test", "c@refused.test"]),
    ("bulk+{n}", ["several-1@main.test", "several-2@main.test", "several-3@plain.test"]),
    ("bulk+{n}", ["mixed-ok@main.test", "gmail-unknown@main.test", "postgrey@main.test"]),
    ("bulk+{n}", ["first-sent@main.test", "outlook-rate@main.test", "gmail-full@main.test"]),
    ("bulk+{n}", ["outlook-rate@plain.test", "gmail-full@plain.test"]),
    ("bulk+{n}", ["gmail-dmarc@main.test", "with-dmarc@main.test"]),
    ("bulk+{n}", ["list-ok@lmtp.test", "dovecot-unknown@lmtp.test", "dovecot-full@lmtp.test",
                  "dovecot-full-soft@lmtp.test"]),
    ("bulk+{n}", ["daemon@local.test", "nosuch@local.test", "exit-67@pipe.test",
                  "spamhaus@main.test", "a@gone.test", "exit-75@pipe.test"]),
    ("bulk+{n}", ['"john doe"@main.test', '"a,b"@main.test', '"q\\"uote"@main.test']),
    ("bulk+{n}", ['"a>, relay=none, dsn=2.0.0, status=sent (fake)"@main.test']),
    ("bulk+{n}", ["MiXeD.Case@MAIN.test", "plus+tag=x@main.test", "o'neil%x!y@main.test"]),
    ("bulk+{n}", ["ümlaut@main.test"]),
    ("bounce-12-anna=example.com", ["verp-ok@main.test"]),
    ("bounce-12-bert=example.com", ["exim-unknown@main.test"]),
    ('"return, path {n}"', ["gmail-unknown@main.test"]),
    ("gone+{n}", ["sendmail-unknown@main.test"]),
    ("gone+{n}", ["first-sent@main.test", "gmail-full@main.test"]),
    ("gone-later+{n}", ["icloud-unknown@main.test"]),
    ("", ["null-ok@main.test"]),
    ("", ["moved@main.test"]),
    ("", ["gmail-full@lmtp.test"]),
]


def cases():
    rows = table.load()
    made = []

    def add(sender, rcpts, *options):
        n = len(made) + 1
        sender = sender.format(n=n)
        way = ("sendmail", "smtp")[n % 2] if not {"smtp", "sendmail"} & set(options) else ""
        made.append(Case(n, sender and sender + "@sender.test", rcpts, {way, *options} - {""}))

    for row in rows.values():
        if row.stage == "MAIL":
            add(row.local, [f"to-{row.local}@main.test"])
        elif not row.local.startswith("gone"):
            add("bulk+{n}", [row.local + "@" + domain_of(row, len(made))])
    for sender, rcpts in TOGETHER:
        # sendmail(1) reads its arguments as header addresses; quoted ones go through SMTP
        odd = any('"' in a or not a.isascii() for a in [sender, *rcpts])
        add(sender, rcpts, *(["smtp"] if odd else []))
    for address in LOCAL:
        if not address.endswith("refused.test"):  # these three go together
            add("bulk+{n}", [address], *(["large"] if "small" in address else []))
    for alias in [*VIRTUAL, *FORWARDED]:
        add("bulk+{n}", [alias])
    add("owner-list", ["verp-one@main.test", "gmail-inactive@main.test"], "sendmail", "verp")
    add("bulk+{n}", ["success@main.test"], "smtp", "notify")
    return made


def maps(directory):
    with open(os.path.join(directory, "ports.tsv"), encoding="utf-8") as file:
        port = dict(line.rstrip("\n").split("\t") for line in file)
    hop = {name: f"[127.0.0.1]:{number}" for name, number in port.items()}
    transport = {
        "sender.test": "smtp:" + hop["main"], "main.test": "smtp:" + hop["main"],
        "plain.test": "bulk:" + hop["plain"], "small.test": "smtp:" + hop["small"],
        "lmtp.test": "lmtp:inet:127.0.0.1:" + port["lmtp"],
        "lmtpunix.test": "lmtp:unix:" + port["lmtpunix"],
        "refused.test": "refused:" + hop["refused"], "pipe.test": "exits:",
        "gone.test": "error:5.1.2 " + LOCAL["a@gone.test"][2],
        "fake.test": "error:5.4.4 " + LOCAL["a@fake.test"][2],
        "later.test": "retry:4.3.5 " + LOCAL["a@later.test"][2],
        "discard.test": "discard:" + LOCAL["a@discard.test"][2],
    }
    for row in table.load().values():
        if row.stage in ("CONNECT", "EHLO"):
            transport[row.local + "@conn.test"] = "smtp:" + hop[row.local]
    virtual = {"va.test": "x", **{a: ", ".join(f) for a, f in VIRTUAL.items()}}
    command = "|" + os.path.join(directory, "exits")
    aliases = {
        "cmd0": f'"{command} exit-0"', "cmd67": f'"{command} exit-67"',
        "cmd75": f'"{command} exit-75"', "tofile": os.path.join(directory, "mail", "tofile"),
        "fwd": FORWARDED["fwd@local.test"][0],
    }
    boxes = {"box@virt.test": "box", "maildir@virt.test": "maildir/"}
    for name, entries in (("transport", transport), ("virtual", virtual), ("boxes", boxes),
                          ("aliases", aliases)):
        with open(os.path.join(directory, "etc", name), "w", encoding="utf-8") as file:
            file.writelines(f"{key} {value}\n" for key, value in entries.items())


if __name__ == "__main__":
    assert sys.argv[1] == "maps"
    maps(sys.argv[2])
