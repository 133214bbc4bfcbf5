#!/usr/bin/python3
"""Makes a file of samples/maillog from a log that tests/mta/run --keep left: stdin to stdout.

    tests/mta/run --keep DIR BINARY postfix
    tests/mta/sample.py postfix <DIR/postfix/log-3164 >samples/maillog/postfix-3164.log
    tests/mta/sample.py postfix-bulk <DIR/postfix/log-iso >samples/maillog/postfix-iso.log

The argument is the instance's syslog_name. Keeps some messages, each with all its lines, the
bounces of a few of them, and the lines of one SMTP session. Loopback addresses, ports, the host's
name and the rig's directory become documentation names. Nothing else is changed.
"""

import collections
import re
import sys

HOST = b"mx1.example"

# a message is named by the recipient of a status line; the first such is kept, or the first
# two where the name stands here twice
WANTED = """gmail-unknown yahoo-unknown gmx-unknown exim-greylist outlook-block gmail-dmarc
utf8-reply bytes-reply long-reply jörg x fake-sent fake-to fake-reply-to fake-expired
fake-bounced-ok drop-rcpt ehlo-550 first-sent a@refused list-ok john a@fake verp-ok moved moved
half-ok forwarded fwd verp-one sendmail-unknown sendmail-unknown""".split()
# bounces are kept of these alone, or they would be half of the file
TOLD = "gmail-unknown first-sent verp-one sendmail-unknown".split()
NAMES = (
    (rb"mx\.peer\.example\[192\.0\.2\.25\]:\d+", b"mx.test[192.0.2.25]:25"),
    (rb"mx\.peer\.example\[192\.0\.2\.25\]", b"mx.test[192.0.2.25]"),
    (rb"(localhost|app\.example)\[127\.0\.0\.1\]", b"app.example[192.0.2.80]"),
    (rb"/tmp/[^/ ]+/postfix/\w+/lmtp\.sock", b"/run/dovecot/lmtp"),
    (rb"/tmp/[^/ ]+/postfix/\w+", b"/srv/rig"),
    (rb"^(\w+ +\d+ [\d:]+|\d\d\d\d-\S+) \S+ ", rb"\1 " + HOST + b" "),
)
QID = re.compile(rb"postfix\S*: (?:warning: )?(\w{6,20}): ")


def main():
    of_it = re.compile(rb" " + re.escape(sys.argv[1].encode()) + rb"(/\w+)*/[\w-]+\[\d+\]: ")
    lines = [line for line in sys.stdin.buffer if of_it.search(line[:200])]
    kept, told, silent, left = set(), set(), set(), collections.Counter(WANTED)
    for line in lines:
        found = QID.search(line)
        to = re.search(r': to=<"?([^ >]*)', line.decode("utf-8", "replace"))
        if not found or not to or found[1] in kept:
            continue
        name = next((n for n in left if (to[1] + "@").startswith(n + "@" * ("@" not in n))), "")
        if left[name] > 0:
            left[name] -= 1
            kept.add(found[1])
            if name in TOLD:
                told.add(found[1])
    for line in lines:
        notice = re.search(rb": (\w+): sender [\w -]*notification: (\w+)$", line.rstrip())
        if notice and notice[1] in told:
            kept.add(notice[2])
        elif notice:
            silent.add(line)

    session = 0
    for line in lines:
        found = QID.search(line)
        outside = not found and b"/smtpd[" in line and session < 2
        session += outside
        if line in silent or not (
                outside or found and found[1] in kept
                or b"starting the" in line or b"daemon started" in line
                or b"stopping the" in line or b"multi-line response" in line):
            continue
        for pattern, name in NAMES:
            line = re.sub(pattern, name, line)
        sys.stdout.buffer.write(line)


if __name__ == "__main__":
    main()
