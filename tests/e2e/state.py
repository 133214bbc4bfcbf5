#!/usr/bin/python3
"""tests/e2e/state.py: looks into a state file beside the daemon, or spoils it.

    state.py DB standing             batches and events by where they stand:
                                     `queued 2/150 suspect 1/1`, `empty` where there is none
    state.py DB dead [OUTPUT]        the dead letters: `CODE RECIPIENT ANSWER`, sorted
    state.py DB keys                 `ID KEY FIXED TRIES COUNT` of each queued batch, in order
    state.py DB damage N             flips a bit in the body of the N-th batch of the queue
    state.py DB drop-dead            deletes all dead letters, as `bouncefeed dead drop` does
    state.py DB park FILE            a reader: holds a read transaction until FILE is gone
    state.py DB sum TABLE COLUMN     of a column

Read only but for damage and drop-dead.
"""

import json
import os
import sqlite3
import sys
import time

STANDING = ["queued", "suspect", "witnessed", "aside", "damaged"]


def standing(db):
    rows = db.execute("SELECT standing, count(*), sum(count) FROM batch"
                      " GROUP BY standing ORDER BY standing").fetchall()
    print(" ".join(f"{STANDING[s]} {b}/{n}" for s, b, n in rows) or "empty")


def dead(db, output=None):
    rows = db.execute("SELECT code, event, answer FROM dead"
                      " WHERE ?1 IS NULL OR output = ?1", (output,)).fetchall()
    for line in sorted(f"{code} {json.loads(event)['recipient']} "
                       f"{bytes(answer or b'').decode(errors='replace')}"
                       for code, event, answer in rows):
        print(line)


def keys(db):
    for row in db.execute("SELECT id, key, fixed, tries, count FROM batch"
                          " WHERE standing = 0 ORDER BY place, id"):
        print(*row)


def damage(db, which):
    row, body, count = db.execute(
        "SELECT id, body, count FROM batch WHERE standing = 0 ORDER BY place, id"
        " LIMIT 1 OFFSET ?", (int(which) - 1,)).fetchone()
    body = bytearray(body)
    body[len(body) // 2] ^= 0x10
    db.execute("UPDATE batch SET body = ? WHERE id = ?", (bytes(body), row))
    db.commit()
    print(f"batch {row} of {count} events")


def drop_dead(db):
    db.execute("BEGIN IMMEDIATE")
    n = db.execute("DELETE FROM dead").rowcount
    db.execute("UPDATE output SET dead_bytes = 0")
    db.commit()
    print(n)


def park(db, path):
    db.execute("BEGIN")
    db.execute("SELECT count(*) FROM batch").fetchone()
    print("parked", flush=True)
    while os.path.exists(path):
        time.sleep(0.05)
    db.rollback()


def column_sum(db, table, column):
    print(db.execute(f"SELECT coalesce(sum({column}), 0) FROM {table}").fetchone()[0])


def main():
    path, what, *rest = sys.argv[1:]
    mode = "rw" if what in ("damage", "drop-dead") else "ro"
    db = sqlite3.connect(f"file:{path}?mode={mode}", uri=True, timeout=10,
                         isolation_level=None)
    {"standing": standing, "dead": dead, "keys": keys, "damage": damage,
     "drop-dead": drop_dead, "park": park, "sum": column_sum}[what](db, *rest)
    db.close()


main()
