#!/usr/bin/python3
"""Gives the cases to sendmail: to its server by SMTP, and by sendmail(1).

    sendmail_submit.py ROOT DIR early|now

Adds to DIR/submitted.jsonl: {"n", "sender", "rcpts", "how", "qid", "message_id", "refused"}.
The queue id is what the answer to the message says; sendmail(1) says none. "refused" are
the recipients that the server did not take.
"""

import json
import os
import re
import smtplib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import sendmail_cases as cases
import sendmail_table as sm


def message(case):
    return (f"From: rig <rig@sender.test>\nTo: undisclosed-recipients:;\n"
            f"Subject: case {case.n}\n"
            + f"Message-ID: <{case.message_id}>\n" * bool(case.message_id) +
            f"X-Campaign: c{case.n % 7}\n\nA line of text.\n").encode()


def by_smtp(case):
    refused = []
    with smtplib.SMTP(sm.MTA, 25, "app.example", timeout=30) as smtp:
        smtp.command_encoding = "utf-8"
        smtp.ehlo()
        answers = [smtp.mail(case.sender)]
        notify = " NOTIFY=SUCCESS,FAILURE" if case.how == "notify" else ""
        for rcpt in case.rcpts:
            # not smtp.rcpt: it reads addresses its own way
            answer = smtp.docmd(f"RCPT TO:<{rcpt}>{notify}")
            if answer[0] >= 500:
                refused.append(rcpt)
            else:
                answers.append(answer)
        if len(answers) > 1:
            answers.append(smtp.data(message(case).replace(b"\n", b"\r\n")))
    for code, text in answers:
        if code != 250:
            sys.exit(f"submit: case {case.n} was refused: {code} {text.decode()}")
    found = re.search(rb"(\w+) Message accepted", answers[-1][1])
    return found and found[1].decode(), refused


def by_sendmail(case, root, directory):
    config = os.path.join(directory, "etc", "submit.cf")
    program = os.path.join(root, "usr/libexec/sendmail/sendmail")
    only = ["-odq"] if case.how == "later" else []
    done = subprocess.run([program, "-Ac", "-C", config, "-i", *only, "-f", case.sender, "--",
                           *case.rcpts], input=message(case), check=False, timeout=60)
    # 67, 68: it has heard that a recipient is refused
    if done.returncode not in (0, 67, 68):
        sys.exit(f"submit: case {case.n}: sendmail ended with {done.returncode}")


def submit(case, root, directory):
    qid, refused = None, []
    if case.how in ("smtp", "notify"):
        qid, refused = by_smtp(case)
    else:
        by_sendmail(case, root, directory)
    return {"n": case.n, "sender": case.sender or "<>", "rcpts": case.rcpts, "how": case.how,
            "qid": qid, "message_id": case.message_id, "refused": refused}


def main():
    _, root, directory, when = sys.argv
    wanted = [c for c in cases.cases() if (c.how == "early") == (when == "early")]
    # some at a time: as many applications would
    with ThreadPoolExecutor(4) as pool:
        lines = list(pool.map(lambda case: submit(case, root, directory), wanted))
    with open(os.path.join(directory, "submitted.jsonl"), "a", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
