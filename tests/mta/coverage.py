#!/usr/bin/python3
"""Did the run meet what it is there for? Else it would prove less than it says.

    coverage.py DIR... -- LOG...

DIRs are instances, LOGs all that they logged (RFC 3164). Every form of line below has to be in a
LOG, and there have to be 120 distinct replies and as many distinct addresses.
"""

import re
import sys

import addresses
import expect

ENOUGH = 120
FORMS = {
    "short queue id": r"postfix/smtp\[\d+\]: [0-9A-F]{6,15}: to=<",
    "long queue id": r"postfix-bulk/smtp\[\d+\]: [0-9A-Za-z]{10,}z[0-9A-Za-z]+: to=<",
    "service name within the tag": r"postfix-bulk/bulk/smtp\[\d+\]: \w+: to=<",
    "external address": r'postfix/smtp\[\d+\]: \w+: to=<"john doe"@main\.test>',
    "internal address": r"postfix-bulk/smtp\[\d+\]: \w+: to=<john doe@main\.test>",
    "UTF-8 address": "to=<ümlaut@main\\.test>",
    "address with a whole tail": r"to=<g>, relay=none, delay=1, .*>, relay=mx\.peer",
    "second try on a kept connection": r", conn_use=\d+, ",
    "orig_to": r", orig_to=<alias@va\.test>, ",
    "soft bounce": r"status=SOFTBOUNCE \(",
    "expired": r"from=<[^>]+>, status=expired, returned to sender$",
    "expired, forced": r", status=force-expired, returned to sender$",
    "forwarded": r"relay=local, .*status=sent \(forwarded as \w+\)",
    "filter hop": r"relay=127\.0\.0\.1\[127.*status=sent \(250 2\.0\.0 Ok: queued as \w+\)",
    "filter hop, amavis": r"relay=127\.0\.0\.1\[127.*status=sent \(250 2\.0\.0 from MTA\(smtp:\["
                          r"127\.0\.0\.1\]:\d+\): 250 2\.0\.0 Ok: queued as \w+\)",
    "filter hop, LMTP": r"/lmtp\[\d+\]: \w+: to=<.*status=sent \(250 2\.0\.0 from MTA\(",
    "delivered to 127.0.0.1": r"to=<stored@store\.test>, relay=127\.0\.0\.1\[.*=sent \(250 2\.0\.0 Ok: queu",
    "refused by a filter": r"status=(bounced|SOFTBOUNCE) \(host 127\.0\.0\.1\[127\.0\.0\.1\] said:",
    "XFORWARD": r"client=.*, orig_queue_id=\w+",
    "login": r"client=.*, sasl_username=tenant-\d+",
    "header check, INFO": r": info: header X-Campaign-ID: c\d+ from localhost\[",
    "header check, WARN": r": warning: header X-Bounce-ID: b-\d+ from \S+; .*: bounceid$",
    "header check, sendmail(1)": r": (info|warning): header X-\S+: .* from local; from=<",
    "probe, good": r"status=deliverable \(",
    "probe, bad": r"status=undeliverable \(",
    "refused at submission": r": NOQUEUE: reject: RCPT from ",
    "next host": r"/smtp\[\d+\]: \w+: host mx1\.two\.example\[\S+\] said: 4",
    "suspended": r"relay=none, .*\(delivery temporarily suspended: connect to ",
    "notification, failed": r": sender non-delivery notification: \w+$",
    "notification, delay": r": sender delay notification: \w+$",
    "notification, delivered": r": sender delivery status notification: \w+$",
    "resent": r": resent-message-id=<",
    "cut line": r"status=bounced \(.{1800,}[^)]$",
    "socket": r"relay=mx1\.example\[\S+lmtp\.sock\]",
}


def main():
    at = sys.argv.index("--")
    replies, names, lines = set(), set(), []
    for directory in sys.argv[1:at]:
        for line in expect.read_jsonl(directory + "/peer.jsonl"):
            replies |= {reply for _, _, reply, row in line["outcomes"] if row}
            names |= {addresses.external(rcpt) for rcpt, *_ in line["outcomes"] if rcpt}
        for case in expect.read_jsonl(directory + "/submitted.jsonl"):
            names |= {addresses.external(a) for a in [case["sender"], *case["rcpts"]] if a}
    for log in sys.argv[at + 1:]:
        with open(log, encoding="utf-8", errors="replace") as file:
            lines += file.read().splitlines()
    missing = [name for name, form in FORMS.items()
               if not any(map(re.compile(form).search, lines))]
    for name in missing:
        print(f"  coverage: nowhere in the log: {name}")
    print(f"coverage: {len(replies)} distinct replies, {len(names)} distinct addresses, "
          f"{len(FORMS) - len(missing)} of {len(FORMS)} forms of lines, {len(lines)} lines")
    sys.exit(1 if missing or min(len(replies), len(names)) < ENOUGH else 0)


if __name__ == "__main__":
    main()
