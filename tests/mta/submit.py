#!/usr/bin/python3
"""Gives every case to Postfix: through SMTP, through a content filter, through sendmail(1).

    submit.py DIR

Writes DIR/submitted.jsonl: {"n", "sender", "rcpts", "options", "headers", "message_id", "qid",
"marker"}. The queue id is what the answer to the message says; sendmail(1) says none, there the
Message-ID is the marker.
"""

import json
import re
import smtplib
import subprocess
import sys
import time

import cases
import config


def message(case):
    head = [f"From: rig <{case.sender or 'rig@sender.test'}>", "To: undisclosed-recipients:;",
            f"Subject: case {case.n}"]
    if case.message_id:
        head.append("Message-ID: " + case.message_id)
    head += [f"{name}: {value}" for name, value in case.headers.items()]
    text = "\n".join([*head, "Resent-Message-ID: <again@mx1.example>" * (case.n % 20 == 3)]).strip()
    return (text + "\n\nA line of text.\n" + ("x" * 70 + "\n") * 40 * ("large" in case.options)
            ).encode()


def refused(port):
    """What no queue ever holds."""
    with smtplib.SMTP("127.0.0.1", port, "app.example", timeout=20) as smtp:
        smtp.ehlo()
        for sender, rcpt in cases.REFUSED:
            smtp.docmd(f"MAIL FROM:<{sender}>")
            code, text = smtp.docmd(f"RCPT TO:<{rcpt}>")
            if code not in (554, 454):  # soft_bounce softens this, too
                sys.exit(f"submit: {rcpt} was not refused: {code} {text.decode()}")
            smtp.rset()


def by_smtp(case, ports):
    way = next(("smtpd-" + name for name in cases.FILTERS if name in case.options), "smtpd")
    utf8 = any(not a.isascii() for a in [case.sender, *case.rcpts])
    with smtplib.SMTP("127.0.0.1", int(ports[way]), "app.example", timeout=20) as smtp:
        smtp.command_encoding = "utf-8"
        smtp.ehlo()
        answers = []
        if "login" in case.options:
            # an authorized client may say who has logged in to it
            code, text = smtp.docmd("XCLIENT", f"NAME=app.example LOGIN=tenant-{case.n}")
            answers.append((code + 30, text))
            smtp.ehlo()
        # not smtp.mail and smtp.rcpt: they read addresses their own way
        answers.append(smtp.docmd(f"MAIL FROM:<{case.sender}>" + " SMTPUTF8" * utf8))
        notify = ["NOTIFY=SUCCESS,FAILURE"] if "notify" in case.options else []
        for rcpt in case.rcpts:
            answers.append(smtp.docmd(" ".join([f"RCPT TO:<{rcpt}>", *notify])))
        answers.append(smtp.data(message(case)))
    for code, text in answers:
        if code != 250:
            sys.exit(f"submit: case {case.n} {case.rcpts} was refused: {code} {text.decode()}")
    return re.search(rb"queued as (\w+)", answers[-1][1])[1].decode()


def by_sendmail(case, etc):
    option = "-bv" if "probe" in case.options else "-i"
    sender = cases.PROBE if "probe" in case.options else case.sender or "<>"
    verp = ["-XV"] if "verp" in case.options else []
    subprocess.run(["sendmail", "-C", etc, option, *verp, "-f", sender, "--", *case.rcpts],
                   input=message(case), check=True, timeout=20)


def expire_by_force(etc, left):
    """left: queue id to option. postsuper(1) finds a message only where it rests."""
    until = time.monotonic() + 10
    while left and time.monotonic() < until:
        queue = subprocess.run(["postqueue", "-c", etc, "-j"], check=True, timeout=20,
                               capture_output=True).stdout
        for item in map(json.loads, queue.splitlines()):
            if item["queue_id"] in left and item["queue_name"] == "deferred":
                option = left.pop(item["queue_id"])
                subprocess.run(["postsuper", "-c", etc, "-" + option, item["queue_id"]],
                               check=True, timeout=20, capture_output=True)
        time.sleep(0.2)


def main():
    me = config.Instance(sys.argv[1])
    etc = me.path("etc")
    forced = {}
    refused(int(me.ports["smtpd"]))
    with open(me.path("submitted.jsonl"), "w", encoding="utf-8") as file:
        for case in cases.cases(me.soft):
            qid = None
            if {"smtp", *cases.FILTERS} & case.options:
                qid = by_smtp(case, me.ports)
            else:
                by_sendmail(case, etc)
            forced |= {qid: option[6:] for option in case.options if option.startswith("force-")}
            line = {**case._asdict(), "options": sorted(case.options), "qid": qid,
                    "marker": cases.MARKER % case.n}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    expire_by_force(etc, forced)


if __name__ == "__main__":
    main()
