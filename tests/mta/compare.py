#!/usr/bin/python3
"""Does `bouncefeed replay` say what expect.py expects, all of it, once, and nothing else?

    compare.py [--name NAME] [--loses KEY]... [--said FILE] [--from T --to T] EVENTS EXPECTED

Events are matched within (queue_id, recipient, type): several deferrals are alike but for
their number. Every key of what is expected has to be equal, null: not be there. --loses: a key
that this form of the log does not tell of deliveries. --said: replay's own words, by which bad records are
counted: no more than lines with two readings. --from, --to: seconds between which all times
have to be. Prints the differences, then one line of counts; exit 1 where there are any.
"""

import argparse
import collections
import datetime
import json
import re
import sys

RULES = {"diagnostic_contains", "two_readings"}


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def value_of(event, key):
    """source.host is the host in source."""
    for part in key.split("."):
        event = (event or {}).get(part)
    return event


def differences(want, got):
    """(key, wanted, got) for what is not as it should be."""
    found = [(key, want[key], value_of(got, key)) for key in want
             if key not in RULES and want[key] != value_of(got, key)]
    part = want.get("diagnostic_contains")
    if part and part not in got.get("diagnostic", ""):
        found.append(("diagnostic_contains", part, got.get("diagnostic")))
    return found


def show(key):
    return f"{key[0]} {key[2]} <{key[1]}>"


def grouped(events):
    groups = collections.defaultdict(list)
    for event in events:
        groups[event.get("queue_id"), event.get("recipient"), event["type"]].append(event)
    return groups


class Comparison:
    def __init__(self, events, expected):
        self.right, self.doubtful, self.faults = 0, [], []
        wanted, got = grouped(expected), grouped(events)
        for key in sorted(wanted.keys() | got.keys(), key=str):
            self.group(key, wanted[key], got[key])
        ids = collections.Counter(e["id"] for e in events)
        self.faults += [f"id {i} stands on {n} events" for i, n in ids.items() if n > 1]

    def group(self, key, wanted, left):
        open_ones = []
        for want in wanted:
            match = next((e for e in left if not differences(want, e)), None)
            if match:
                left.remove(match)
                self.right += 1
            else:
                open_ones.append(want)
        # what is left over on both sides belongs together: the most alike
        for want in open_ones:
            if left:
                got = min(left, key=lambda e, want=want: len(differences(want, e)))
                left.remove(got)
                self.faults += [f"{show(key)}: {name} should be {a!r}, is {b!r}"
                                for name, a, b in differences(want, got)]
            elif "two_readings" in want:
                self.doubtful.append(want)
            else:
                self.faults.append(f"{show(key)}: missing, {want['status']} "
                                   f"{want.get('diagnostic') or want.get('diagnostic_contains')}")
        self.faults += [f"{show(key)}: not expected, {e.get('status')} {e.get('diagnostic')}"
                        for e in left]

    def bad_records(self, said, most):
        """Each line with two readings may be one, and no other line."""
        with open(said, encoding="utf-8", errors="replace") as file:
            text = file.read()
        count = re.search(r"(?m)(\d+) bad records?", text)
        bad = int(count[1]) if count else 0
        if bad > len(self.doubtful):
            self.faults.append(f"{bad} bad records, and {len(self.doubtful)} events are missing")
            self.faults += [line for line in text.splitlines() if ": at " in line][:10]
        if len(self.doubtful) > most:
            self.faults.append(f"{len(self.doubtful)} events in doubt are more than {most}")

    def times(self, events, begin, end):
        for event in events:
            for name in ("time", "queued"):
                text = event.get(name, event["time"])
                time = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
                if not begin - 1 <= time <= end + 1:
                    self.faults.append(f"{event['queue_id']}: {name} {text} is not of this run")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", default="compare")
    parser.add_argument("--show", type=int, default=40, help="differences that are printed")
    parser.add_argument("--loses", action="append", default=[])
    parser.add_argument("--said")
    parser.add_argument("--from", dest="begin", type=float, default=0)
    parser.add_argument("--to", dest="end", type=float, default=float("inf"))
    parser.add_argument("events")
    parser.add_argument("expected")
    args = parser.parse_args()

    events = read(args.events)
    expected = [{k: v for k, v in e.items() if e["type"] != "delivery" or k not in args.loses}
                for e in read(args.expected)]
    result = Comparison(events, expected)
    doubts = sum("two_readings" in e for e in expected)
    if args.said:
        result.bad_records(args.said, doubts)
    result.times(events, args.begin, args.end)
    for fault in result.faults[:args.show]:
        print(f"  {args.name}: {fault[:600]}")
    if len(result.faults) > args.show:
        print(f"  {args.name}: ... and {len(result.faults) - args.show} more")
    kinds = collections.Counter("expired" if e.get("expired") else e["type"] for e in expected)
    of_which = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()))
    print(f"{args.name}: {result.right} of {len(expected)} events as expected ({of_which}), "
          f"{len(events)} read, {len(result.doubtful)} of {doubts} in doubt left out, "
          f"{len(result.faults)} differences")
    sys.exit(1 if result.faults else 0)


if __name__ == "__main__":
    main()
