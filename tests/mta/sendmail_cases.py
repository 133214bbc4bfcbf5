#!/usr/bin/python3
"""What is submitted to sendmail, and what becomes of the addresses that no peer answers for.

    sendmail_cases.py aliases DIR    what stands in DIR/etc/aliases, on stdout

Domains: see sendmail_table.Zone. An address at nobody.test is refused, whatever it is.
"""

import os
import sys
from collections import namedtuple

import sendmail_table as sm

# how: "smtp" (to the server), "msp" (sendmail(1), whose queue id counts), "early" (msp, before
# there is a server), "notify" (smtp, and a success DSN is asked for)
Case = namedtuple("Case", "n sender rcpts how")
MARKER = "rig-%03d@mx1.example"

# name: what it stands for; {dir} is the rig's
ALIASES = {
    "remote": "aliased@main.test",
    "remote-bad": "unknown+aliased@main.test",
    "remote-late": "soft-always+aliased@main.test",
    "chain": "chain2",
    "chain2": "chained@main.test",
    "team": "team-one@main.test, team-two@plain.test, unknown+team@main.test",
    "prog": '"|{dir}/prog exit-0 a b"',
    "prog-bad": '"|{dir}/prog exit-67"',
    "prog-refuses": '"|{dir}/prog exit-69 and, so on"',
    "prog-late": '"|{dir}/prog exit-75"',
    "prog-greets": '"|{dir}/prog exit-3"',
    "verp-box": '"|{dir}/prog exit-0 verp"',
    "tofile": "{dir}/mail/box",
    "nofile": "{dir}/no-such-directory/box",
    "both": 'both@main.test, "|{dir}/prog exit-67 both"',
    "list": ":include:{dir}/etc/members",
    "owner-list": "list-owner@sender.test",
    "open-list": ":include:{dir}/etc/members-open",
    "nolist": ":include:{dir}/etc/no-such-list",
    "loop-a": "loop-b",
    "loop-b": "loop-a",
    "postmaster": "{dir}/mail/postmaster",
    "MAILER-DAEMON": "postmaster",
}
INCLUDED = {
    "members": ["member-1@main.test", "member-2@plain.test", "unknown+member@main.test"],
    "members-open": ["open-1@main.test", "greylist+open@main.test"],
}
# final address to the one that the message was sent to
ORIGINALS = {
    "aliased@main.test": "remote@local.test",
    "unknown+aliased@main.test": "remote-bad@local.test",
    "soft-always+aliased@main.test": "remote-late@local.test",
    "chained@main.test": "chain@local.test",
    "team-one@main.test": "team@local.test",
    "team-two@plain.test": "team@local.test",
    "unknown+team@main.test": "team@local.test",
    "both@main.test": "both@local.test",
    **{member: "list@local.test" for member in INCLUDED["members"]},
    **{member: "open-list@local.test" for member in INCLUDED["members-open"]},
}

# Outcomes without a peer: final word, honest status code ("-": none), what the log says of it
LOCAL = {
    "daemon@local.test": ("sent", "2.0.0", "Sent"),
    "prog@local.test": ("sent", "2.0.0", "Sent"),
    "verp-box@local.test": ("sent", "2.0.0", "Sent"),
    "tofile@local.test": ("sent", "2.0.0", "Sent"),
    "prog-bad@local.test": ("bounced", "5.1.1", "User unknown"),
    "prog-refuses@local.test": ("bounced", "5.0.0", "Service unavailable"),
    "prog-greets@local.test": ("bounced", "5.3.0", "unknown mailer error 3"),
    "prog-late@local.test": ("deferred", "4.0.0", "EX_TEMPFAIL"),
    "nofile@local.test": ("bounced", "5.3.0", "Can't create output"),
    "anna@gone.test": ("bounced", "5.1.2", "Host unknown (Name server: gone.test: host not found)"),
    "anna@no-data.test": ("bounced", "5.1.2", "Host unknown"),
    "anna@null-mx.test": ("bounced", "5.1.10", "Host unknown"),
    "anna@dns-fails.test": ("deferred", "4.0.0", "Name server: dns-fails.test"),
    "anna@refused.test": ("deferred", "4.0.0", "Connection refused by mx.refused.test."),
    "bert@refused.test": ("deferred", "4.0.0", "Connection refused by mx.refused.test."),
}

LONG = "a-rather-long-local-part-that-goes-on-and-on-%02d-" + "x" * 140
# Several recipients, senders of all sorts. {n} is the case's number: senders have to differ,
# for by them the peer's account is matched with what was submitted.
TOGETHER = [
    ("bulk+{n}@sender.test", ["several-1@main.test", "several-2@main.test", "several-3@plain.test"]),
    ("bulk+{n}@sender.test", ["mixed-ok@main.test", "unknown@main.test", "greylist@main.test"]),
    ("bulk+{n}@sender.test", ["first@main.test", "full-soft@main.test", "soft-always@main.test"]),
    ("bulk+{n}@sender.test", [f"many-{i:02}@main.test" for i in range(95)]),
    ("bulk+{n}@sender.test", [f"nobody-{i:02}@nobody.test" for i in range(12)]),
    ("bulk+{n}@sender.test", [f"soft-always+{i:02}@main.test" for i in range(30)]),
    ("bulk+{n}@sender.test", [LONG % i + "@main.test" for i in range(12)]),
    ("bulk+{n}@sender.test", [LONG % i + "@nobody.test" for i in range(3)]),
    ("rate+{n}@sender.test", [f"list-{i:02}@main.test" for i in range(40)]),
    # its own addresses: quotes, commas, what looks like the log
    ("bulk+{n}@sender.test", ['"john doe"@main.test', '"a,b"@main.test', '"x>y"@main.test',
                              r'"q\"uote"@main.test', '"<z"@main.test']),
    ("bulk+{n}@sender.test", ['"john doe"@nobody.test', '"a,b"@nobody.test', '"x>y"@nobody.test',
                              r'"q\"uote"@nobody.test', r'"back\\slash"@nobody.test']),
    ("bulk+{n}@sender.test", ['"a, delay=00:00:01, stat=Sent"@main.test']),
    ("bulk+{n}@sender.test", ['"a, delay=00:00:01, stat=Sent"@nobody.test']),
    ("bulk+{n}@sender.test", ['"x>, delay=00:00:00, dsn=2.0.0, stat=Sent (ok), y=<"@nobody.test']),
    ("bulk+{n}@sender.test", ['"to=<victim@main.test>, stat=Sent"@nobody.test', "b@nobody.test"]),
    ("bulk+{n}@sender.test", ['"x>,<victim@main.test"@nobody.test']),
    ("bulk+{n}@sender.test", ["MixedCase@Nobody.Test", "o'hara@nobody.test", "a=b+c@nobody.test",
                              "-dash@nobody.test", "per%cent@nobody.test", "#hash@nobody.test"]),
    ("bulk+{n}@sender.test", ["anna@[127.0.1.1]"]),
    ("bounce+{n}-user=example.com@verp.test", ["unknown@main.test"]),
    ("bounce+{n}-user=example.com@verp.test", ["verp-ok@main.test"]),
    ("bounce+{n}-user=example.com@verp.test", ["verp-box@local.test"]),
    ('"odd, sender>"+{n}@sender.test', ["unknown@main.test"]),
    ("a-sender-with-a-very-long-local-part-that-has-to-be-cut-in-the-middle-{n}@"
     "in-a-sub-domain.of.sender.test", ["prog@local.test", "unknown@main.test"]),
    # the bounce itself bounces, and expires
    ("unknown+back-{n}@main.test", ["unknown@main.test"]),
    ("soft-always+back-{n}@main.test", ["unknown@main.test"]),
    ("greylist+back-{n}@main.test", ["unknown@main.test"]),
    ("soft-always+late-{n}@main.test", ["soft-always@main.test"]),
    ("<>", ["null-ok@main.test"]),
    ("<>", ["unknown+null@main.test"]),
    ("<>", ["soft-always+null@main.test"]),
    # names
    *(("bulk+{n}@sender.test", [f"anna@{domain}.test"]) for domain in
      "gone no-data null-mx dns-fails multi multi-soft long-host".split()),
    ("bulk+{n}@sender.test", ["unknown@long-host.test"]),
    ("bulk+{n}@sender.test", ["anna@refused.test", "bert@refused.test"]),
    # aliases
    *(("bulk+{n}@sender.test", [f"{name}@local.test"]) for name in
      """daemon remote remote-bad remote-late chain team prog prog-bad prog-refuses prog-late
      prog-greets tofile nofile both list open-list""".split()),
    ("bulk+{n}@sender.test", ["prog@local.test", "beside@main.test", "prog-bad@local.test"]),
]
EARLY = [
    ("bulk+{n}@sender.test", ["early-ok@main.test"]),
    ("bulk+{n}@sender.test", ["unknown+early@main.test", "early-too@main.test"]),
]
NOTIFY = [
    ("bulk+{n}@sender.test", ["notify-ok@main.test"]),
    ("bulk+{n}@sender.test", ["notify-relayed@plain.test", "unknown+notify@main.test"]),
    ("bulk+{n}@sender.test", ["prog@local.test"]),
]


def of_row(row, n):
    own = f"{row.local}.test" if sm.own_host(row) else None
    if row.stage == "MAIL":
        return f"{row.local}+{n}@sender.test", [f"to-{row.local}@{own or 'main.test'}"]
    if own:
        return f"bulk+{n}@sender.test", [f"{row.local}@{own}"]
    # every fifth one meets a peer without PIPELINING and the like
    return f"bulk+{n}@sender.test", [f"{row.local}@{'plain' if n % 5 == 0 else 'main'}.test"]


def cases():
    made = []

    def add(sender, rcpts, how=None):
        n = len(made) + 1
        made.append(Case(n, sender.format(n=n), rcpts, how or ("smtp", "msp")[n % 2]))

    for sender, rcpts in EARLY:
        add(sender, rcpts, "early")
    for row in sm.load().values():
        if not row.local.startswith("@") and not row.local.startswith("first-"):
            add(*of_row(row, len(made) + 1))
    for sender, rcpts in TOGETHER:
        add(sender, rcpts)
    for sender, rcpts in NOTIFY:
        add(sender, rcpts, "notify")
    return made


def main():
    _, _, directory = sys.argv
    for name, target in ALIASES.items():
        print(f"{name}: {target.format(dir=directory)}")
    for name, members in INCLUDED.items():
        path = os.path.join(directory, "etc", name)
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join(members) + "\n")


if __name__ == "__main__":
    main()
