#!/usr/bin/python3
"""tests/tailer/drip.py: appends records one by one to many files, or renames them, evenly.

    drip.py append DIR FILES TAG SECONDS [ROUNDS]   a record more in each of f0.csv ..., ROUNDS times
    drip.py rename DIR FILES STEP SECONDS           each STEP-th f0.csv ... becomes f0.csv.1

Recipients (TAG000000 ... of the first round, then on) go to stdout. SECONDS: how long it takes in all.
"""

import os
import sys
import time

HEADER = "type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat\n"


def append(path, name):
    with open(path, "a", encoding="ascii") as f:
        f.write((HEADER if f.tell() == 0 else "") +
                f"b,2026-03-02 08:00:00+0000,s@lists.example.com,{name}@example.net,"
                "5.1.1,smtp;550 5.1.1 no,bad-mailbox\n")
    print(name)


def main():
    what, where, files, detail, seconds, *rounds = sys.argv[1:]
    files = int(files)
    if what == "append":
        jobs = [(append, f"{where}/f{i % files}.csv", f"{detail}{i:06d}")
                for i in range(files * int(rounds[0] if rounds else 1))]
    else:
        jobs = [(os.rename, f"{where}/f{i}.csv", f"{where}/f{i}.csv.1")
                for i in range(0, files, int(detail))]
    begin = time.monotonic()
    for i, (do, *args) in enumerate(jobs):
        ahead = begin + float(seconds) * i / len(jobs) - time.monotonic()
        if ahead > 0.001:
            time.sleep(ahead)
        do(*args)


main()
