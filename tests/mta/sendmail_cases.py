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
# there is a server), "later" (msp, which only queues it), "notify" (smtp, and a success DSN is
# asked for); message_id: None where
# sendmail is to make one
Case = namedtuple("Case", "n sender rcpts how message_id")

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
    "bounce": '"|{dir}/prog exit-0 bounce"',
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
# final address to the alias that was sent to. Of aliases to remote addresses the log has only the
# final one, so the event may name either.
ALIASED = {
    "aliased@main.test": "remote",
    "unknown+aliased@main.test": "remote-bad",
    "soft-always+aliased@main.test": "remote-late",
    "chained@main.test": "chain",
    "team-one@main.test": "team",
    "team-two@plain.test": "team",
    "unknown+team@main.test": "team",
    "both@main.test": "both",
    **{member: "list" for member in INCLUDED["members"]},
    **{member: "open-list" for member in INCLUDED["members-open"]},
}
# what an alias of a list has as owner is the sender of its copies
OWNER = {"list-owner@sender.test": "list@local.test"}

# Closing the connection on one recipient, the peer hears nothing of the others
UNHEARD = ["one@closing.test", "two@closing.test"]

# Outcomes without a peer: final word, honest status code ("-": none), what the log says of it
LOCAL = {
    "daemon@local.test": ("sent", "2.0.0", ""),
    "prog@local.test": ("sent", "2.0.0", ""),
    "verp-box@local.test": ("sent", "2.0.0", ""),
    "bounce+7-user=example.com@local.test": ("sent", "2.0.0", ""),
    "both@local.test": ("bounced", "5.1.1", "User unknown"),
    # refused by the server: the submission program has heard it
    "nosuch@local.test": ("bounced", "5.1.1", "User unknown"),
    "tofile@local.test": ("sent", "2.0.0", ""),
    "prog-bad@local.test": ("bounced", "5.1.1", "User unknown"),
    "prog-refuses@local.test": ("bounced", "5.0.0", "Service unavailable"),
    "prog-greets@local.test": ("bounced", "5.3.0", "unknown mailer error 3"),
    "prog-late@local.test": ("deferred", "4.0.0", "EX_TEMPFAIL"),
    "nofile@local.test": ("bounced", "5.0.0", "Can't create output"),
    '"a,b"@msp.test': ("bounced", "5.1.3", "<a,b@msp.test>... Invalid route address"),
    "anna@gone.test": ("bounced", "5.1.2",
                       "Host unknown (Name server: gone.test.: host not found)"),
    "anna@no-data.test": ("bounced", "5.1.2", "Host unknown"),
    "anna@null-mx.test": ("bounced", "5.1.10", "Service unavailable"),
    "anna@dns-fails.test": ("deferred", "4.4.3 4.0.0", ""),
    "anna@refused.test": ("deferred", "4.4.1", "Connection refused by mx.refused.test."),
    "bert@refused.test": ("deferred", "4.4.1", "Connection refused by mx.refused.test."),
}

LONG = "a-rather-long-local-part-that-goes-on-and-on-%02d-" + "x" * 140
# Several recipients, senders of all sorts. {n} is the case's number: senders have to differ,
# for by them the peer's account is matched with what was submitted.
TOGETHER = [
    ("bulk+{n}@sender.test", ["several-1@main.test", "several-2@main.test",
                              "several-3@plain.test"]),
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
                              r'"q\"uote"@main.test', '"<z"@main.test'], "smtp"),
    ("bulk+{n}@sender.test", ['"john doe"@main.test', '"x>y"@main.test', '"<z"@main.test'], "msp"),
    ("bulk+{n}@sender.test", ['"john doe"@nobody.test', '"a,b"@nobody.test', '"x>y"@nobody.test',
                              r'"q\"uote"@nobody.test', r'"back\\slash"@nobody.test'], "smtp"),
    # sendmail(1) takes the quotes off, and the server does not like what is left
    ("bulk+{n}@sender.test", ['"a,b"@msp.test', "beside+c@main.test"], "msp"),
    # the reply to one of them is in the lines of the others, too
    ("bulk+{n}@sender.test", ["one@closing.test", "closes@closing.test", "two@closing.test"]),
    ("bulk+{n}@sender.test", ['"a, delay=00:00:01, stat=Sent"@main.test']),
    ("bulk+{n}@sender.test", ['"a, delay=00:00:01, stat=Sent"@nobody.test']),
    ("bulk+{n}@sender.test", ['"x>, delay=00:00:00, dsn=2.0.0, stat=Sent (ok), y=<"@nobody.test']),
    ("bulk+{n}@sender.test", ['"to=<victim@main.test>, stat=Sent"@nobody.test', "b@nobody.test"]),
    ("bulk+{n}@sender.test", ['"x>,<victim@main.test"@nobody.test']),
    ("bulk+{n}@sender.test", ["MixedCase@Nobody.Test", "o'hara@nobody.test", "a=b+c@nobody.test",
                              "-dash@nobody.test", "per%cent@nobody.test", "#hash@nobody.test"]),
    ("bulk+{n}@sender.test", ["jörg@nobody.test", "jörg@main.test", "beside+d@main.test"], "smtp"),
    ("bulk+{n}@sender.test", ["jörg@nobody.test", "jörg@main.test", "beside+e@main.test"], "msp"),
    ("bulk+{n}@sender.test", ["anna@[192.0.2.1]"]),
    ("bulk+{n}@sender.test", [f"{local}+m{i:02}@main.test" for i in range(20)
                              for local in ("taken", "unknown")]),
    ("bounce+{n}-user=example.com@verp.test", ["prog-bad@local.test"]),
    ("bounce+{n}-user=example.com@verp.test", ["unknown@main.test"]),
    ("bounce+{n}-user=example.com@verp.test", ["verp-ok@main.test"]),
    ("bounce+{n}-user=example.com@verp.test", ["verp-box@local.test"]),
    ('"odd, sender> {n}"@sender.test', ["unknown@main.test"]),
    ("a-sender-with-a-very-long-local-part-that-has-to-be-cut-in-the-middle-{n}@"
     "in-a-sub-domain.of.sender.test", ["prog@local.test", "unknown@main.test"]),
    # the bounce itself bounces, and expires
    ("unknown+back-{n}@main.test", ["unknown@main.test"]),
    ("soft-always+back-{n}@main.test", ["unknown@main.test"]),
    ("greylist+back-{n}@main.test", ["unknown@main.test"]),
    ("soft-always+late-{n}@main.test", ["soft-always@main.test"]),
    ("<>", ["null-ok@main.test"]),
    ("<>", ["bounce+7-user=example.com@local.test"]),
    ("bulk+{n}@sender.test", ["bounce+7-user=example.com@local.test"]),
    ("bulk+{n}@sender.test", ["nosuch@local.test", "beside+a@main.test"]),
    ("bulk+{n}@sender.test", ["nosuch@local.test", "beside+b@main.test"]),
    ("<>", ["unknown+null@main.test"]),
    ("<>", ["soft-always+null@main.test"]),
    # a local user, whose domain the server adds
    ("rigger-{n}", ["unqualified@main.test"], "msp"),
    # only queued: no try yet
    ("bulk+{n}@sender.test", ["later@main.test", "unknown+later@main.test"], "later"),
    # without a Message-ID, and a campaign with the same one in all its messages
    *(("bulk+{n}@sender.test", [f"no-id-{i}@main.test", "unknown@main.test"], how, None)
      for i, how in enumerate(("smtp", "msp", "msp"))),
    *(("bulk+{n}@sender.test", [f"same-{i}@main.test", "unknown@main.test"], how, "same@app.test")
      for i, how in enumerate(("smtp", "msp", "smtp", "msp", "msp", "msp"))),
    # names
    *(("bulk+{n}@sender.test", [f"anna@{domain}.test"]) for domain in
      "gone no-data null-mx multi multi-soft long-host".split()),
    ("bulk+{n}@sender.test", ["anna@dns-fails.test"], "smtp"),
    ("bulk+{n}@sender.test", ["anna@dns-fails.test"], "msp"),
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


# rows that are met on the way of other cases
ALONG = ["@nobody.test", "first-421", "closes"]


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

    def add(sender, rcpts, how=None, message_id="rig-{n:03}@mx1.example"):
        n = len(made) + 1
        message_id = message_id and message_id.format(n=n)
        made.append(Case(n, sender.format(n=n), rcpts, how or ("smtp", "msp")[n % 2], message_id))

    for sender, rcpts in EARLY:
        add(sender, rcpts, "early")
    for row in sm.load().values():
        if row.local not in ALONG:
            add(*of_row(row, len(made) + 1))
    for together in TOGETHER:
        add(*together)
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
