#!/usr/bin/python3
"""tests/tailer/verdict.py: did all that was written arrive, each record once?

    verdict.py --list L --log LOG [--must FILE --windows FILE] [--may FILE]
               [--allow-repeats] [--db DB] [--wait SECONDS --pid DAEMON]

L is writer.py's, LOG backend.py's. Prints `written N, arrived N, twice T`, and fails where
compare.py does (lost, never written, an id under two keys), or where a recipient was
accepted under two ids.

--must: what on_disk.py found; the records that it did not find count only if they arrived.
They must have been written within one of --windows (`FROM TO` a line, wall clock): the
times at which a rotation may have destroyed them. --may: these, too, count only if they
arrived. --wait: first until all that has to arrive is in the log, for so long and as long as
the process DAEMON lives.
"""

import argparse
import collections
import contextlib
import io
import json
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
sys.dont_write_bytecode = True
import compare  # noqa: E402 pylint: disable=wrong-import-position

MARGIN = 0.05  # seconds between a write and the writer's look at the clock


def names(path):
    with open(path, encoding="utf-8") as f:
        return {line.rstrip("\n") for line in f} - {""}


def accepted(path):
    """recipient -> ids of what was accepted, each key once"""
    ids, seen = collections.defaultdict(set), set()
    with open(path, encoding="utf-8") as f:
        for line in f:
            request = json.loads(line)
            if request["answer"] != 200 or request["key"] in seen:
                continue
            seen.add(request["key"])
            for event_id, recipient in zip(request["ids"], request["recipients"]):
                ids[recipient].add(event_id)
    return ids


def wait(missing, args):
    """Until nothing is missing; what of it is after the wait."""
    until = time.monotonic() + args.wait
    with open(args.log, "rb") as f:
        rest = b""
        while missing and time.monotonic() < until and \
                (args.pid is None or os.path.exists(f"/proc/{args.pid}")):
            data = rest + f.read(1 << 24)
            lines, _, rest = data.rpartition(b"\n")
            for line in lines.splitlines():
                request = json.loads(line)
                if request["answer"] == 200:
                    missing.difference_update(request["recipients"])
            if not lines:
                time.sleep(0.05)


def outside(excused, args):
    """Those that were not written within any of the windows."""
    with open(args.windows, encoding="ascii") as f:
        windows = [tuple(map(float, line.split())) for line in f]
    with open(args.list + ".times", encoding="utf-8") as f:
        for line in f:
            recipient, at = line.split()
            if recipient in excused and not any(
                    a - MARGIN <= float(at) <= b + MARGIN for a, b in windows):
                yield recipient


def run_compare(counted, args):
    """Its exit code and what it says."""
    out = io.StringIO()
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as f, \
            contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        f.writelines(f"{r}\n" for r in counted)
        f.flush()
        sys.argv = ["compare.py", "--writer", f.name, "--log", args.log, "--only", "--one-key",
                    *(["--allow-repeats"] if args.allow_repeats else []),
                    *(["--db", args.db] if args.db else [])]
        rc = compare.main()
    return rc, out.getvalue()


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--list", required=True)
    args.add_argument("--log", required=True)
    args.add_argument("--must")
    args.add_argument("--windows")
    args.add_argument("--may")
    args.add_argument("--allow-repeats", action="store_true")
    args.add_argument("--db")
    args.add_argument("--wait", type=float, default=0)
    args.add_argument("--pid", type=int)
    args = args.parse_args()

    written = names(args.list)
    excused = names(args.may) & written if args.may else set()
    faults = []
    if args.must:
        gone = written - names(args.must)
        wrong = sorted(outside(gone, args))
        if wrong:
            faults.append(f"{len(wrong)} are in no file on disk, and no rotation was under "
                          f"way: {' '.join(wrong[:5])}")
        excused |= gone
    if args.wait:
        wait(written - excused, args)
    ids = accepted(args.log)
    counted = written - (excused - set(ids))
    twice = {r for r, i in ids.items() if len(i) > 1}
    if twice:
        faults.append(f"{len(twice)} came under two ids: {' '.join(sorted(twice)[:5])}")

    rc, said = run_compare(counted, args)
    if rc or faults:
        print(said, end="")
    for fault in faults:
        print("verdict:", fault)
    gone = len(excused - set(ids))
    print(f"written {len(counted)}, arrived {len(counted & set(ids))}, "
          f"twice {len(twice)}" + (f" (and {gone} that nobody could read)" if gone else ""))
    return 1 if rc or faults else 0


if __name__ == "__main__":
    sys.exit(main())
