#!/usr/bin/python3
"""Gives every case to Postfix: half of them through SMTP, half through sendmail(1).

    submit.py DIR

Writes DIR/submitted.jsonl: {"n", "sender", "rcpts", "qid", "marker"}. The queue id is what
the answer to the message says; sendmail(1) says none, there the Message-ID is the marker.
"""

import json
import os
import re
import smtplib
import subprocess
import sys

import cases


def message(case):
    text = (f"From: rig <{case.sender or 'rig@sender.test'}>\nTo: undisclosed-recipients:;\n"
            f"Subject: case {case.n}\nMessage-ID: <{cases.MARKER % case.n}>\n"
            f"X-Campaign: c{case.n % 7}\n\nA line of text.\n")
    return (text + ("x" * 70 + "\n") * 40 * ("large" in case.options)).encode()


def by_smtp(case, port):
    utf8 = any(not a.isascii() for a in case.rcpts)
    with smtplib.SMTP("127.0.0.1", port, "app.example", timeout=20) as smtp:
        smtp.command_encoding = "utf-8"
        smtp.ehlo()
        answers = [smtp.mail(case.sender, ["SMTPUTF8"] if utf8 else [])]
        notify = ["NOTIFY=SUCCESS,FAILURE"] if "notify" in case.options else []
        for rcpt in case.rcpts:
            # not smtp.rcpt: it reads addresses its own way
            answers.append(smtp.docmd(" ".join([f"RCPT TO:<{rcpt}>", *notify])))
        answers.append(smtp.data(message(case)))
    for code, text in answers:
        if code != 250:
            sys.exit(f"submit: case {case.n} was refused: {code} {text.decode()}")
    return re.search(rb"queued as (\w+)", answers[-1][1])[1].decode()


def by_sendmail(case, config):
    verp = ["-XV"] if "verp" in case.options else []
    subprocess.run(["sendmail", "-C", config, "-i", *verp, "-f", case.sender or "<>",
                    "--", *case.rcpts], input=message(case), check=True, timeout=20)


def main():
    directory = sys.argv[1]
    with open(os.path.join(directory, "ports.tsv"), encoding="utf-8") as file:
        port = int(dict(line.split("\t") for line in file)["smtpd"])
    with open(os.path.join(directory, "submitted.jsonl"), "w", encoding="utf-8") as file:
        for case in cases.cases():
            qid = None
            if "smtp" in case.options:
                qid = by_smtp(case, port)
            else:
                by_sendmail(case, os.path.join(directory, "etc"))
            line = {"n": case.n, "sender": case.sender or "<>", "rcpts": case.rcpts, "qid": qid,
                    "marker": cases.MARKER % case.n, "verp": "verp" in case.options}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
