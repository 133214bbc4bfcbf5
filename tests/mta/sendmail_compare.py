#!/usr/bin/python3
"""Does `bouncefeed replay` say what sendmail_expect.py expects, all of it, once, and no more?

    sendmail_compare.py [--name NAME] EVENTS.jsonl EXPECTED.jsonl

Events are matched within (queue_id, type, expired, recipient). Where an expectation has a list,
the event has to have one of it, with null for no such key; "some" asks for one or more of its
kind, "optional" for one or none. Prints the differences, then one line of counts; exit 1 where
there are any.
"""

import argparse
import collections
import json
import re
import sys


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def key_of(event):
    return event.get("queue_id"), event["type"], bool(event.get("expired"))


def names_it(want, event):
    """Whether the event is about the recipient."""
    final = want.get("final_recipient", [None, *want["recipient"]])
    return event.get("recipient") in want["recipient"] and event.get("final_recipient") in final


def differences(want, got):
    """(key, wanted, got) for what is not as it should be."""
    found = []
    for key in ("sender", "status", "remote_ip"):
        if want.get(key) and got.get(key) not in want[key]:
            found.append((key, want[key], got.get(key)))
    for key in ("message_id", "smtp_code", "remote_mta", "attempts"):
        if key in want and want[key] != got.get(key):
            found.append((key, want[key], got.get(key)))
    if got.get("queued") != queued(got["queue_id"]):
        found.append(("queued", queued(got["queue_id"]), got.get("queued")))
    # the first line of a reply: at times with the dash behind its code, at times without
    text = one_line(got.get("diagnostic", ""))
    if one_line(want.get("diagnostic", text)) != text:
        found.append(("diagnostic", want["diagnostic"], text))
    if not text.startswith(one_line(want.get("diagnostic_starts", ""))):
        found.append(("diagnostic_starts", want["diagnostic_starts"], text))
    if want.get("diagnostic_contains", "") not in text:
        found.append(("diagnostic_contains", want["diagnostic_contains"], text))
    return found


def one_line(text):
    return re.sub(r"^(\d{3})-", r"\1 ", text).rstrip(" ")


def queued(qid):
    """The time in a queue id: years from 1900 in base 60, month, day, hour, minute, second."""
    year, month, *rest = ("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx".index(c)
                          for c in qid[:6])
    return "%d-%02d-%02dT%02d:%02d:%02dZ" % (year + 2020, month + 1, *rest)


def show(event):
    rcpt = event.get("recipient")
    return (f"{event.get('queue_id')} {event['type']}{' expired' * bool(event.get('expired'))} "
            f"<{rcpt if isinstance(rcpt, str) else rcpt[0]}>")


def compare(events, expected):
    """(number of events that are right, differences as text)"""
    left = collections.defaultdict(list)
    for event in events:
        left[key_of(event)].append(event)

    right, faults, open_ones = 0, [], []
    # those that take several come last
    for want in sorted(expected, key=lambda e: "some" in e):
        mine = [e for e in left[key_of(want)] if names_it(want, e)]
        good = [e for e in mine if not differences(want, e)]
        for event in good if "some" in want else good[:1]:
            left[key_of(want)].remove(event)
        right += bool(good) and "optional" not in want
        if not good:
            open_ones.append(want)
    # what is left over on both sides belongs together
    for want in open_ones:
        event = next((e for e in left[key_of(want)] if names_it(want, e)), None)
        if event:
            left[key_of(want)].remove(event)
            faults += [f"{show(want)}: {key} should be {a!r}, is {b!r}"
                       for key, a, b in differences(want, event)]
        elif "optional" not in want:
            faults.append(f"{show(want)}: missing, {want.get('status')} "
                          f"{want.get('diagnostic') or want.get('diagnostic_starts')}")
    faults += [f"{show(e)}: not expected, {e.get('status')} {e.get('diagnostic')}"
               for rest in left.values() for e in rest]
    ids = collections.Counter(e["id"] for e in events)
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
