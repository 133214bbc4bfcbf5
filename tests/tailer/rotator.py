#!/usr/bin/python3
"""tests/tailer/rotator.py: writes and rotates as fast as the reader allows.

    rotator.py --file F --log BACKEND_LOG --list L --count N [--first G] [--keep K]
               [--records R] [--shift] [--limit SECONDS]

N generations, from G (1) on, of R records each (recipients g000001r0@example.net ...). A rotation renames F
to F.NUMBER (--shift: F.1 to F.2 and so on, as logrotate does) and keeps K of them. None is
deleted before all its records have arrived at the backend: what is lost then, is lost by
the reader. Fails when nothing more arrives for SECONDS (30).
"""

import argparse
import json
import os
import sys
import time

HEADER = "type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat\n"


class Arrived:
    """How many records of each generation the backend has taken."""

    def __init__(self, log, records):
        self.log = log
        self.at = 0
        self.records = records
        self.missing = {}
        self.total = 0

    def wrote(self, generation):
        self.missing[generation] = self.records

    def look(self):
        try:
            with open(self.log, "rb") as f:
                f.seek(self.at)
                text = f.read()
        except FileNotFoundError:
            return
        end = text.rfind(b"\n") + 1
        self.at += end
        for line in text[:end].splitlines():
            request = json.loads(line)
            if request["answer"] != 200:
                continue
            for recipient in request["recipients"]:
                self.total += 1
                generation = int(recipient[1:7])
                left = self.missing.get(generation, 0) - 1
                if left > 0:
                    self.missing[generation] = left
                else:
                    self.missing.pop(generation, None)

    def wait_for(self, generation, seconds):
        last, before = time.monotonic(), self.total
        while generation in self.missing:
            self.look()
            if generation not in self.missing:
                return
            if self.total != before:
                last, before = time.monotonic(), self.total
            if time.monotonic() - last > seconds:
                sys.exit(f"rotator: generation {generation} is missing for {seconds} s, "
                         f"{len(self.missing)} are; {self.total} records came")
            time.sleep(0.002)


def write(path, names, generation, records):
    text = HEADER
    for r in range(records):
        name = f"g{generation:06d}r{r}"
        text += (f"b,2026-03-02 08:00:00+0000,s@lists.example.com,{name}@example.net,"
                 "5.1.1,smtp;550 5.1.1 no,bad-mailbox\n")
        names.write(name + "\n")
    with open(path, "a", encoding="ascii") as f:
        f.write(text)


def rotate(args, generation):
    """F becomes a rotated file; the name of the one that is too much now, or None."""
    if not args.shift:
        os.rename(args.file, f"{args.file}.{generation}")
        return f"{args.file}.{generation - args.keep}"
    for i in range(args.keep, 0, -1):
        if os.path.exists(f"{args.file}.{i}"):
            os.rename(f"{args.file}.{i}", f"{args.file}.{i + 1}")
    os.rename(args.file, f"{args.file}.1")
    return f"{args.file}.{args.keep + 1}"


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--file", required=True)
    args.add_argument("--log", required=True)
    args.add_argument("--list", required=True)
    args.add_argument("--count", type=int, required=True)
    args.add_argument("--first", type=int, default=1)
    args.add_argument("--keep", type=int, default=20)
    args.add_argument("--records", type=int, default=1)
    args.add_argument("--shift", action="store_true")
    args.add_argument("--limit", type=float, default=30)
    args = args.parse_args()
    arrived = Arrived(args.log, args.records)
    begin = time.monotonic()
    with open(args.list, "a", encoding="ascii") as names:
        for g in range(args.first, args.first + args.count):
            arrived.wrote(g)
            write(args.file, names, g, args.records)
            old = rotate(args, g)
            if g - args.first >= args.keep:
                arrived.wait_for(g - args.keep, args.limit)
                os.unlink(old)
    for g in range(args.first, args.first + args.count):
        arrived.wait_for(g, args.limit)
    took = time.monotonic() - begin
    kind = "shifted " if args.shift else ""
    print(f"{args.count} {kind}rotations keeping {args.keep} in {took:.1f} s,")


main()
