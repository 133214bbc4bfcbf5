#!/usr/bin/python3
"""tests/tailer/reuse.py: deletes files and makes others, until their inodes were used again.

    reuse.py --dir D --list L --log BACKEND_LOG --reuse N [--seed X] [--files K]
             [--blind] [--limit SECONDS]

K files a.csv ... (100). Each turn half of them are deleted, once all they hold has arrived,
and as many are made, under the same names or others; where the file system gives an inode
again that belonged to another file, that is one reuse. Until N of them: prints their
number by what the new file is to the old one: smaller, equal, larger. New files have
their columns in another order, or begin with the very record that the old one began with.
--blind: one turn, all of them, waiting for nothing (the daemon is down).
"""

import argparse
import os
import random
import time

from arrived import Arrived

COLUMNS = ["type", "timeLogged", "orig", "rcpt", "dsnStatus", "dsnDiag", "bounceCat"]


class File:
    def __init__(self, path, names, columns, first):
        rows = [first] if first else []
        for name in names[len(rows):]:
            value = {"type": "b", "timeLogged": "2026-03-02 08:00:00+0000",
                     "orig": "s@lists.example.com", "rcpt": f"{name}@example.net",
                     "dsnStatus": "5.1.1", "dsnDiag": '"smtp;550 5.1.1 no,\n such user"',
                     "bounceCat": "bad-mailbox"}
            rows.append(",".join(value[c] for c in columns) + "\n")
        self.path, self.names, self.columns, self.first = path, names, columns, rows[0]
        with open(path, "w", encoding="ascii") as f:
            f.write(",".join(columns) + "\n" + "".join(rows))
        st = os.stat(path)
        self.ino, self.size = st.st_ino, st.st_size


class Churn:
    def __init__(self, args):
        self.args = args
        self.random = random.Random(args.seed)
        self.arrived = Arrived(args.log)
        self.names = open(args.list, "a", encoding="ascii")
        self.files = {}
        self.was = {}  # inode: its last size
        self.seen = {"smaller": 0, "equal": 0, "larger": 0}
        self.made = 0

    def make(self, slot, model):
        """A file of one to four records; it may begin as `model` did."""
        n = self.random.choice((1, 1, 2, 4))
        columns, first = COLUMNS[:], None
        if self.random.random() < 0.5:
            columns[1:] = self.random.sample(COLUMNS[1:], len(COLUMNS) - 1)
        names = []
        # had the old one no other record, the new one could be it, grown meanwhile
        if model and len(model.names) > 1 and self.random.random() < 0.5:
            columns, first, names = model.columns, model.first, [model.names[0]]
            n += 1
        while len(names) < n:
            self.made += 1
            names.append(f"s{self.args.seed}n{self.made:06d}")
        suffix = self.random.choice(("", f".{self.made}"))
        f = File(f"{self.args.dir}/{slot}{suffix}.csv", names, columns, first)
        for name in names:
            self.arrived.wrote(name)
            self.names.write(name + "\n")
        old = self.was.get(f.ino)
        if old is not None:
            self.seen["larger" if f.size > old else
                      "smaller" if f.size < old else "equal"] += 1
        self.was[f.ino] = f.size
        self.files[slot] = f

    def turn(self, share):
        slots = list(range(self.args.files))
        self.random.shuffle(slots)
        slots = slots[:int(len(slots) * share)]
        gone = {}
        for slot in slots:
            if slot in self.files:
                gone[slot] = self.files.pop(slot)
                os.unlink(gone[slot].path)
        self.random.shuffle(slots)
        for slot in slots:
            self.make(slot, gone.get(slot))
        self.names.flush()

    def adopt(self):
        """What an earlier run left."""
        for entry in os.scandir(self.args.dir):
            if entry.name.endswith(".csv"):
                self.was[entry.inode()] = entry.stat().st_size
                os.unlink(entry.path)

    def run(self):
        self.adopt()
        begin = time.monotonic()
        self.turn(1)
        turns = 1
        while not self.args.blind and sum(self.seen.values()) < self.args.reuse:
            self.arrived.wait_for(list(self.arrived.missing), self.args.limit, "reuse")
            self.turn(0.5)
            turns += 1
        if not self.args.blind:
            self.arrived.wait_for(list(self.arrived.missing), self.args.limit, "reuse")
        print(f"{sum(self.seen.values())} reused ({self.seen['smaller']} smaller, "
              f"{self.seen['equal']} equal, {self.seen['larger']} larger) in {turns} turns, "
              f"{time.monotonic() - begin:.1f} s")


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--dir", required=True)
    args.add_argument("--list", required=True)
    args.add_argument("--log", required=True)
    args.add_argument("--reuse", type=int, default=0)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--files", type=int, default=100)
    args.add_argument("--limit", type=float, default=40)
    args.add_argument("--blind", action="store_true")
    Churn(args.parse_args()).run()


main()
