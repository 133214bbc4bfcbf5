#!/usr/bin/python3
"""tests/e2e/appender.py: several writers of one file, as the processes of a mail system.

    appender.py --file F --list L --writers N --seconds S [--rotate R] [--seed X]

Each process opens the file for itself and appends one whole record a write(); now and then
it opens it anew, so that after one of the R rotations (rename and create, with its header) some
write into the old file for a while, some into the new one. The list gets the recipients.
"""

import argparse
import os
import random
import time

HEADER = b"type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat,jobId\n"


def open_file(path):
    """The file under that name, begun with a header by whoever makes it."""
    while True:
        try:
            return os.open(path, os.O_WRONLY | os.O_APPEND)
        except FileNotFoundError:
            pass
        # made beside and linked: nobody sees it without its header
        name = f"{path}.new{os.getpid()}"
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.write(fd, HEADER)
        os.close(fd)
        try:
            os.link(name, path)
        except FileExistsError:
            pass
        os.unlink(name)


def write(args, who):
    rng = random.Random(args.seed * 100 + who)
    names = os.open(args.list, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    end = time.monotonic() + args.seconds
    fd, n = open_file(args.file), 0
    while time.monotonic() < end:
        for _ in range(rng.randrange(1, 40)):
            n += 1
            name = f"w{who}n{n:06d}@example.net"
            diag = f'smtp;550 5.1.1 ""no"", user\r\n unknown {"x" * rng.randrange(300)}'
            row = f'b,2026-03-02 08:00:00+0000,s@lists.example.com,{name},5.1.1,"{diag}",bad-mailbox,{n}\n'
            os.write(fd, row.encode())
            os.write(names, f"{name}\n".encode())
        if rng.random() < 0.3:
            os.close(fd)
            fd = open_file(args.file)
        time.sleep(rng.random() * 0.02)
    os.close(fd)


def rotate(args):
    for n in range(args.rotate):
        time.sleep(args.seconds / (args.rotate + 1))
        os.rename(args.file, f"{args.file}.{args.seed}.{n}")
        os.close(open_file(args.file))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--file", required=True)
    p.add_argument("--list", required=True)
    p.add_argument("--writers", type=int, default=4)
    p.add_argument("--seconds", type=float, default=10)
    p.add_argument("--rotate", type=int, default=5)
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    children = []
    for who in range(args.writers):
        pid = os.fork()
        if pid == 0:
            write(args, who)
            os._exit(0)
        children.append(pid)
    rotate(args)
    for pid in children:
        if os.waitpid(pid, 0)[1] != 0:
            raise SystemExit("a writer failed")


main()
