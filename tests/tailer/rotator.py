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
import os
import time

from arrived import Arrived

HEADER = "type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat\n"


def names_of(args, generation):
    return [f"g{generation:06d}r{r}" for r in range(args.records)]


def write(args, names, generation):
    text = HEADER
    for name in names_of(args, generation):
        text += (f"b,2026-03-02 08:00:00+0000,s@lists.example.com,{name}@example.net,"
                 "5.1.1,smtp;550 5.1.1 no,bad-mailbox\n")
        names.write(name + "\n")
    with open(args.file, "a", encoding="ascii") as f:
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
    arrived = Arrived(args.log)
    begin = time.monotonic()
    with open(args.list, "a", encoding="ascii") as names:
        for g in range(args.first, args.first + args.count):
            for name in names_of(args, g):
                arrived.wrote(name)
            write(args, names, g)
            old = rotate(args, g)
            if g - args.first >= args.keep:
                arrived.wait_for(names_of(args, g - args.keep), args.limit, "rotator")
                os.unlink(old)
    arrived.wait_for(list(arrived.missing), args.limit, "rotator")
    took = time.monotonic() - begin
    kind = "shifted " if args.shift else ""
    print(f"{args.count} {kind}rotations keeping {args.keep} in {took:.1f} s,")


main()
