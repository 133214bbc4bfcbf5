#!/usr/bin/python3
"""tests/e2e/judge.py: looks into a state file and holds it against the backend's log.

    judge.py spool --db FILE [--log F --output NAME --path PATH] [--quiet]
    judge.py queued --db FILE
    judge.py end --db FILE --log F --kills FILE --output NAME --path PATH
                 --good FILE --toxic FILE

spool: reads a copy (so that a killed daemon's file may be looked at while the next one
starts): every batch holds what its row says, no id stands twice among an output's batches
and dead letters, no key twice. With --log: what that output's requests to PATH had a 200
for is in no batch any more (for a daemon that had the time to record it).

queued: prints how many events wait, of all outputs.

end: for one output, after all is over. Every recipient of --good was accepted, none of
--toxic, and nothing else came; each of --toxic is one dead letter with 422 and the
backend's words, and nothing else is. A key has one body. A key that was answered 200 is
not sent again, and an event is accepted under two keys only where the first of them got no
answer: none was given, or it met a kill. --kills has the wall clock of each. That tells
who was answered last only while one batch is under way at a time: --concurrency leaves
these two out where it is more than 1.
"""

import argparse
import collections
import ctypes
import json
import os
import shutil
import sqlite3
import sys
import tempfile

TAKEN = ("200", "lost", "cut", "half")
MARGIN = 0.3  # seconds by which a kill and the log's times may be apart


# the library that the program uses, too: there is no such Python module
zstd = ctypes.CDLL("libzstd.so.1").ZSTD_decompress
zstd.restype = ctypes.c_size_t
zstd.argtypes = [ctypes.c_char_p, ctypes.c_size_t] * 2


def unpack(body, size):
    out = ctypes.create_string_buffer(size + 1)
    n = zstd(out, size + 1, body, len(body))
    return out.raw[:n] if n == size else None


def ids_of(text):
    """An event's JSON begins with its id; what does not is the text itself."""
    return [line[7:39].decode() if line.startswith(b'{"id":"') else repr(line)
            for line in text.splitlines()]


class State:
    def __init__(self, path):
        self.batches, self.dead, self.faults = [], [], []
        with tempfile.TemporaryDirectory() as tmp:
            for suffix in ("", "-wal"):
                if os.path.exists(path + suffix):
                    shutil.copyfile(path + suffix, f"{tmp}/db{suffix}")
            db = sqlite3.connect(f"{tmp}/db")
            self.faults += [f"integrity_check: {row[0]}"
                            for row in db.execute("PRAGMA integrity_check")
                            if row[0] != "ok"]
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'batch'").fetchone():
                self.read(db)
            db.close()

    def read(self, db):
        for row in db.execute("SELECT id, output, key, count, bytes, standing, body FROM"
                              " batch"):
            text = unpack(row[6], row[4])
            if text is None:
                self.faults.append(f"batch {row[0]} cannot be unpacked")
                continue
            ids = ids_of(text)
            if len(ids) != row[3]:
                self.faults.append(f"batch {row[0]}: {len(ids)} events, says {row[3]}")
            self.batches.append({"id": row[0], "output": row[1], "key": row[2],
                                 "standing": row[5], "ids": ids})
        for row in db.execute("SELECT output, event, code, answer FROM dead"):
            event = json.loads(row[1])
            self.dead.append({"output": row[0], "id": event["id"],
                              "recipient": event["recipient"], "code": row[2],
                              "answer": (row[3] or b"").decode("utf-8", "replace")})

    def check(self):
        where = collections.defaultdict(list)
        for b in self.batches:
            for i in b["ids"]:
                where[b["output"], i].append(f"batch {b['id']}")
        for d in self.dead:
            where[d["output"], d["id"]].append("dead")
        for (output, i), places in where.items():
            if len(places) > 1:
                self.faults.append(f"{output}: {i} is in {', '.join(places)}")
        keys = collections.Counter(b["key"] for b in self.batches)
        self.faults += [f"key {key} of {n} batches" for key, n in keys.items() if n > 1]
        return self.faults


def read_log(path, only):
    with open(path, encoding="utf-8") as f:
        requests = [json.loads(line) for line in f]
    return [r for r in requests if only in (None, r["path"])]


def read_names(path):
    with open(path, encoding="utf-8") as f:
        return {line.strip() for line in f} - {""}


def spool(args):
    state = State(args.db)
    faults = state.check()
    if args.log:
        answered = {i for r in read_log(args.log, args.path) if r["answer"] == 200
                    for i in r["ids"]}
        for b in state.batches:
            again = answered.intersection(b["ids"])
            if b["output"] == args.output and again:
                faults.append(f"batch {b['id']} ({b['key']}) holds {len(again)} events"
                              " whose 200 was not recorded")
    if not args.quiet:
        print(f"{sum(len(b['ids']) for b in state.batches)} events in "
              f"{len(state.batches)} batches, {len(state.dead)} dead")
    return faults


def queued(args):
    db = sqlite3.connect(f"file:{args.db}?mode=ro", uri=True)
    print(db.execute("SELECT coalesce(sum(count), 0) FROM batch").fetchone()[0])
    db.close()
    return []


class End:
    def __init__(self, args):
        self.args = args
        self.log = read_log(args.log, args.path)
        with open(args.kills, encoding="ascii") as f:
            self.kills = [float(line) for line in f]
        self.faults = []

    def fault(self, what, items):
        if items:
            self.faults.append(f"{self.args.output}: {what} ({len(items)}): "
                               f"{' '.join(map(str, sorted(items, key=str)[:4]))}")

    def unheard(self, at):
        """Request number `at` may have got no answer that was recorded."""
        r = self.log[at]
        if str(r["answer"]) in ("lost", "cut", "half"):
            return True
        after = self.log[at + 1]["wall"] if at + 1 < len(self.log) else float("inf")
        return any(r["wall"] - MARGIN < k < after + MARGIN for k in self.kills)

    def arrivals(self):
        good, toxic = read_names(self.args.good), read_names(self.args.toxic)
        arrived = {x for r in self.log if str(r["answer"]) in TAKEN
                   for x in r["recipients"]}
        self.fault("lost", good - arrived)
        self.fault("poison accepted", toxic & arrived)
        self.fault("never written", arrived - good - toxic)
        if not good or not toxic:
            self.faults.append("nothing to compare")
        return good, toxic

    def dead(self, toxic):
        mine = [d for d in State(self.args.db).dead if d["output"] == self.args.output]
        died = collections.Counter(d["recipient"] for d in mine)
        self.fault("poison not dead", toxic - set(died))
        self.fault("dead but good", set(died) - toxic)
        self.fault("dead twice", {r for r, n in died.items() if n > 1})
        self.fault("dead for another reason", {
            f"{d['recipient']} {d['code']} {d['answer']}" for d in mine
            if d["code"] != 422 or "scripted" not in d["answer"]})

    def repeats(self):
        bodies, seen = collections.defaultdict(set), collections.Counter()
        heard = {}  # key -> it had a 200 that must have been recorded
        again, twice = set(), 0
        taken = collections.defaultdict(list)
        for at, r in enumerate(self.log):
            key = r["key"]
            bodies[key].add((r["sha256"], r["type"]))
            if key in heard and self.args.concurrency == 1:
                again.add(f"{key} at {r['n']} after {heard[key]}")
            twice += seen[key] > 0
            seen[key] += 1
            if r["answer"] == 200 and not self.unheard(at):
                heard[key] = r["n"]
            if str(r["answer"]) in TAKEN:
                for i in r["ids"]:
                    taken[i].append((key, at))
        self.fault("one key, two bodies", {k for k, b in bodies.items() if len(b) > 1})
        self.fault("sent again after its 200", again)
        return twice, taken

    def keys(self, taken):
        one, two, wrong = 0, 0, set()
        for i, all_of_it in taken.items():
            keys = list(dict.fromkeys(key for key, _ in all_of_it))
            one += len(all_of_it) > 1 and len(keys) == 1
            two += len(keys) > 1
            if len(keys) > 1 and self.args.concurrency == 1 and \
                    not all(self.unheard(at) for key, at in all_of_it
                            if key != keys[-1]):
                wrong.add(i)
        self.fault("accepted under two keys although the first was answered", wrong)
        return one, two


def end(args):
    e = End(args)
    good, toxic = e.arrivals()
    e.dead(toxic)
    repeats, taken = e.repeats()
    one, two = e.keys(taken)
    answers = collections.Counter(str(r["answer"]) for r in e.log)
    print(f"{args.output}: {len(good)} good, {len(toxic)} poisoned; {len(e.log)} requests ("
          + ", ".join(f"{n} {a}" for a, n in sorted(answers.items()))
          + f"), {repeats} repeats; events accepted twice: {one} under one key, {two} under "
          "two after a lost answer")
    return e.faults


def main():
    args = argparse.ArgumentParser()
    args.add_argument("what", choices=("spool", "queued", "end"))
    args.add_argument("--db", required=True)
    args.add_argument("--quiet", action="store_true")
    args.add_argument("--concurrency", type=int, default=1)
    for name in ("--log", "--kills", "--output", "--path", "--good", "--toxic"):
        args.add_argument(name)
    args = args.parse_args()
    faults = {"spool": spool, "queued": queued, "end": end}[args.what](args)
    for fault in faults[:20]:
        print("judge:", fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
