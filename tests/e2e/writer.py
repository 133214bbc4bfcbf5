#!/usr/bin/python3
"""tests/e2e/writer.py: plays PowerMTA: appends numbered bounce records to a file.

    writer.py --file F --list L --count N [--seconds S] [--rotations R] [--seed X]
              [--rename PATTERN] [--first N] [--format postfix] [--tag TEXT] [--toxic K]

Each record has a recipient of its own (n000001@example.net); the list names those whose
record is whole on disk. Writes end anywhere, inside quotes, too, as those of a buffering
writer do. A rotation renames the file (PATTERN: {file}.{n}) and begins a new one with the
header; the old one is whole then.

--format postfix: delivery lines of a mail log instead, each of a message of its own.
--tag: put before every recipient. --toxic: about every K-th recipient is toxic000001@...
"""

import argparse
import os
import random
import time

HEADER = "type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat,jobId\n"


def record(n, recipient):
    return (f'b,2026-03-02 08:00:00+0000,s@lists.example.com,{recipient},5.1.1,'
            f'"smtp;550 5.1.1 ""no"", user\r\n unknown {"x" * (n % 97)}",bad-mailbox,{n}\n')


def line(n, recipient):
    return (f"2026-03-02T08:00:00.{n % 1000000:06d}+00:00 mx1 postfix/smtp[{n % 30000}]: "
            f"{0xA0000000 + n:X}: to=<{recipient}>, relay=mx.example.net[192.0.2.25]:25, "
            f"delay=0.3, delays=0.1/0/0.1/0.1, dsn=5.1.1, status=bounced (host "
            f"mx.example.net[192.0.2.25] said: 550 5.1.1 <{recipient}>: unknown "
            f"{'x' * (n % 97)} (in reply to RCPT TO command))\n")


class Writer:
    def __init__(self, args):
        self.args = args
        self.random = random.Random(args.seed)
        self.names = open(args.list, "a", encoding="utf-8")
        self.rotated = 0
        self.open()

    def open(self):
        new = not os.path.exists(self.args.file)
        self.fd = os.open(self.args.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self.buffer = b""
        self.waiting = []  # (end in buffer, number) of records not whole on disk
        if new and self.args.format == "pmta":
            os.write(self.fd, HEADER.encode())

    def recipient(self, n):
        toxic = self.args.toxic and \
            random.Random(f"{self.args.seed}:{n}").random() < 1 / self.args.toxic
        return f"{self.args.tag}{'toxic' if toxic else 'n'}{n:06d}@example.net"

    def add(self, n):
        make = record if self.args.format == "pmta" else line
        self.buffer += make(n, self.recipient(n)).encode()
        self.waiting.append((len(self.buffer), n))
        if self.random.random() < 0.2:
            self.flush(self.random.randint(1, len(self.buffer)))

    def flush(self, n):
        os.write(self.fd, self.buffer[:n])
        whole = [w for w in self.waiting if w[0] <= n]
        for _, number in whole:
            self.names.write(self.recipient(number) + "\n")
        self.names.flush()
        self.waiting = [(end - n, number) for end, number in self.waiting if end > n]
        self.buffer = self.buffer[n:]

    def rotate(self):
        if self.buffer:
            self.flush(len(self.buffer))
        os.close(self.fd)
        self.rotated += 1
        os.rename(self.args.file,
                  self.args.rename.format(file=self.args.file, n=self.rotated))
        self.open()

    def run(self):
        args = self.args
        begin = time.monotonic()
        for i in range(args.count):
            self.add(args.first + i)
            if args.rotations and (i + 1) % (args.count // (args.rotations + 1)) == 0 \
                    and self.rotated < args.rotations:
                self.rotate()
            ahead = args.seconds * (i + 1) / args.count - (time.monotonic() - begin)
            if ahead > 0.01:
                time.sleep(ahead)
        if self.buffer:
            self.flush(len(self.buffer))
        os.close(self.fd)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--file", required=True)
    args.add_argument("--list", required=True)
    args.add_argument("--count", type=int, required=True)
    args.add_argument("--first", type=int, default=1)
    args.add_argument("--seconds", type=float, default=0)
    args.add_argument("--rotations", type=int, default=0)
    args.add_argument("--rename", default="{file}.{n}")
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--format", choices=("pmta", "postfix"), default="pmta")
    args.add_argument("--tag", default="")
    args.add_argument("--toxic", type=int, default=0)
    Writer(args.parse_args()).run()


main()
