#!/usr/bin/python3
"""tests/tailer/lag.py: how long a live file's records take to be read while others are.

    lag.py --db STATE --live FILE --other FILE --list L [--tag T] [--every S] [--limit S]

Appends a record to FILE every S seconds (0.2) until the state file says that all of the other
file is read; measures until the state file's offset covers it: then it is in the spool and safe.
Prints SECONDS COUNT WORST-MS. Fails after --limit seconds (100).
"""

import argparse
import os
import sqlite3
import sys
import time


def offset(db, path):
    row = db.execute("SELECT max(offset) FROM file WHERE path = ?",
                     (path.encode(),)).fetchone()
    return row[0] or 0


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--db", required=True)
    args.add_argument("--live", required=True)
    args.add_argument("--other", required=True)
    args.add_argument("--list", required=True)
    args.add_argument("--tag", default="live")
    args.add_argument("--every", type=float, default=0.2)
    args.add_argument("--limit", type=float, default=100)
    args = args.parse_args()
    db = sqlite3.connect(f"file:{args.db}?mode=ro", uri=True, timeout=10)
    size = os.stat(args.other).st_size
    begin = time.monotonic()
    waiting, worst, n, next_write, took = [], 0.0, 0, begin, None
    with open(args.list, "a", encoding="ascii") as names, \
            open(args.live, "a", encoding="ascii") as live:
        while took is None or waiting:
            now = time.monotonic()
            if now - begin > args.limit:
                sys.exit(f"after {args.limit:.0f} s {offset(db, args.other)} of {size} bytes are read, "
                         f"{len(waiting)} of {n} live records wait")
            if took is None and now >= next_write:
                n += 1
                name = f"{args.tag}{n:06d}"
                live.write("b,2026-03-02 08:00:00+0000,s@lists.example.com,"
                           f"{name}@example.net,5.1.1,smtp;550 5.1.1 no,bad-mailbox\n")
                live.flush()
                names.write(name + "\n")
                waiting.append((live.tell(), now))
                next_write += args.every
            time.sleep(0.02)
            done, now = offset(db, args.live), time.monotonic()
            while waiting and waiting[0][0] <= done:
                worst = max(worst, now - waiting.pop(0)[1])
            if took is None and offset(db, args.other) >= size:
                took = now - begin
    print(f"{took:.1f} {n} {worst * 1000:.0f}")


main()
