#!/usr/bin/python3
"""tests/e2e/compare.py: did all that was written arrive, and what arrived twice?

    compare.py --writer FILE --log FILE [--answers 200,lost] [--allow-repeats] [--only]
               [--one-key] [--db FILE] [--path PATH]

FILE of --writer has one recipient a line, the log is backend.py's. Prints
`N written, A arrived, L lost, T twice`: recipients, and event ids that were accepted in
more than one request. Fails where a recipient is lost, where an id was accepted under two
keys, where a key came with two bodies (a batch is fixed by its first try), and where an id
was accepted twice under one key, unless --allow-repeats: an answer that got lost makes
such repeats. --only: nothing else may have arrived (half an address, say). --one-key:
no id may stand under two keys in any request, refused ones included (for backends that
split no batch). --db: the state
file must hold by SQLite's own check, too. --path: only requests to that path count.
"""

import argparse
import collections
import json
import sqlite3
import sys


def read_log(path, answers, only_path=None):
    """(recipients accepted, id -> keys of the requests that took it, key -> bodies,
    id -> keys of all requests that held it)"""
    arrived = set()
    held = collections.defaultdict(set)
    taken = collections.defaultdict(list)
    bodies = collections.defaultdict(set)
    with open(path, encoding="utf-8") as f:
        for line in f:
            request = json.loads(line)
            if only_path not in (None, request["path"]):
                continue
            bodies[request["key"]].add(request["sha256"])
            for event_id in request["ids"]:
                held[event_id].add(request["key"])
            if str(request["answer"]) not in answers:
                continue
            arrived.update(request["recipients"])
            for event_id in request["ids"]:
                taken[event_id].append(request["key"])
    return arrived, taken, bodies, held


def check_db(path):
    # read only: a comparison must not be what recovers the file
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return [row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
    except sqlite3.Error as e:
        return [str(e)]
    finally:
        db.close()


def some(items):
    return " ".join(map(str, sorted(items, key=str)[:5]))


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--writer", required=True)
    args.add_argument("--log", required=True)
    args.add_argument("--answers", default="200,lost")
    args.add_argument("--allow-repeats", action="store_true")
    args.add_argument("--only", action="store_true")
    args.add_argument("--one-key", action="store_true")
    args.add_argument("--db")
    args.add_argument("--path")
    args = args.parse_args()

    with open(args.writer, encoding="utf-8") as f:
        written = {line.rstrip("\n") for line in f} - {""}
    arrived, taken, bodies, held = read_log(args.log, args.answers.split(","),
                                             args.path)
    lost = written - arrived
    twice = {i for i, keys in taken.items() if len(keys) > 1}
    print(f"{len(written)} written, {len(written & arrived)} arrived, {len(lost)} lost, "
          f"{len(twice)} twice")

    faults = []
    if not written:
        faults.append("the writer's list is empty: nothing was compared")
    if lost:
        faults.append(f"lost: {some(lost)}")
    if args.only and arrived - written:
        faults.append(f"arrived, but never written: {some(arrived - written)}")
    two_keys = {i for i in twice if len(set(taken[i])) > 1}
    if two_keys:
        faults.append(f"accepted under two keys: {some(two_keys)}")
    split = {i for i, keys in held.items() if len(keys) > 1}
    if args.one_key and split:
        faults.append(f"in two batches: {some(split)}")
    if twice - two_keys and not args.allow_repeats:
        faults.append(f"accepted twice under one key: {some(twice - two_keys)}")
    changed = {key for key, sums in bodies.items() if len(sums) > 1}
    if changed:
        faults.append(f"one key, two bodies: {some(changed)}")
    if args.db:
        faults += [f"{args.db}: {fault}" for fault in check_db(args.db)]
    for fault in faults:
        print("compare:", fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
