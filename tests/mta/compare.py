#!/usr/bin/python3
"""Does `bouncefeed replay` say what expect.py expects, all of it, once, and nothing else?

    compare.py [--name NAME] EVENTS.jsonl EXPECTED.jsonl

Events are matched within (queue_id, recipient, type): several deferrals are alike but for
their number. Prints the differences, then one line of counts; exit 1 where there are any.
"""

import argparse
import collections
import json
import sys

EQUAL = ("sender", "status", "smtp_code", "command", "expired", "diagnostic")


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def differences(want, got):
    """(key, wanted, got) for what is not as it should be."""
    found = []
    for key in EQUAL:
        # cut lines: "diagnostic" and "command" are then not told, and not asked for
        if key in ("diagnostic", "command") and key not in want:
            continue
        if want.get(key) != got.get(key):
            found.append((key, want.get(key), got.get(key)))
    part = want.get("diagnostic_contains")
    if part and part not in got.get("diagnostic", ""):
        found.append(("diagnostic_contains", part, got.get("diagnostic")))
    # a delivery may be called relayed or delivered
    if want["type"] != "delivery" and got.get("action", want["action"]) != want["action"]:
        found.append(("action", want["action"], got["action"]))
    return found


def show(key):
    return f"{key[0]} {key[2]} <{key[1]}>"


def compare(events, expected):
    """(number of events that are right, differences as text)"""
    def key_of(event):
        return event.get("queue_id"), event.get("recipient"), event["type"]

    wanted, got = collections.defaultdict(list), collections.defaultdict(list)
    for event in expected:
        wanted[key_of(event)].append(event)
    for event in events:
        got[key_of(event)].append(event)

    right, faults = 0, []
    for key in sorted(wanted.keys() | got.keys(), key=str):
        left = got[key]
        open_ones = []
        for want in wanted[key]:
            match = next((e for e in left if not differences(want, e)), None)
            if match:
                left.remove(match)
                right += "optional" not in want
            else:
                open_ones.append(want)
        # what is left over on both sides belongs together, in order
        open_ones.sort(key=lambda e: "optional" in e)
        for want in open_ones:
            if left:
                faults += [f"{show(key)}: {name} should be {a!r}, is {b!r}"
                           for name, a, b in differences(want, left.pop(0))]
            elif "optional" not in want:
                faults.append(f"{show(key)}: missing, {want['status']} "
                              f"{want.get('diagnostic') or want.get('diagnostic_contains')}")
        faults += [f"{show(key)}: not expected, {e.get('status')} {e.get('diagnostic')}"
                   for e in left]
    ids = collections.Counter(e["id"] for e in events if "id" in e)
    faults += [f"id {i} stands on {n} events" for i, n in ids.items() if n > 1]
    return right, faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", default="compare")
    parser.add_argument("--show", type=int, default=40, help="differences that are printed")
    parser.add_argument("events")
    parser.add_argument("expected")
    args = parser.parse_args()

    events, expected = read(args.events), read(args.expected)
    right, faults = compare(events, expected)
    asked = [e for e in expected if "optional" not in e]
    for fault in faults[:args.show]:
        print(f"  {args.name}: {fault[:600]}")
    if len(faults) > args.show:
        print(f"  {args.name}: ... and {len(faults) - args.show} more")
    kinds = collections.Counter("expired" if e.get("expired") else e["type"] for e in asked)
    of_which = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()))
    print(f"{args.name}: {right} of {len(asked)} events as expected ({of_which}), "
          f"{len(events)} read, {len(faults)} differences")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
