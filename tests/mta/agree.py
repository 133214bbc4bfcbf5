#!/usr/bin/python3
"""Do the events of several forms of one log say the same, in the same order?

    agree.py [--name NAME] FORM=EVENTS.jsonl...

The first one is what the others are held against. Not compared: id and place in the file; of
times what the shorter one lacks. A form `5424` has no daemon, so it cannot tell what was relayed
from what was delivered; journald drops blanks at the end of a message, which Postfix leaves where
it cuts a long line. Exit 1 where they differ.
"""

import argparse
import json
import sys

LOST = {"5424": "action"}
CUT = 1500  # bytes: no shorter one is of a line that was cut


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def differ(name, a, b, lost):
    if name == "id" or name == lost and a["type"] == "delivery":
        return False
    a, b = a.get(name), b.get(name)
    if name == "time" and a and b:
        size = min(len(a), len(b)) - 1
        return a[:size].rstrip(".Z") != b[:size].rstrip(".Z")
    if name == "diagnostic" and a and b and len(a.encode()) > CUT:
        return a.rstrip(" ") != b.rstrip(" ")
    if name == "source":
        a, b = ({k: v for k, v in s.items() if k not in ("file", "offset")} for s in (a, b))
    return a != b


def disagreements(first, other, lost):
    if len(first) != len(other):
        yield f"{len(first)} events and {len(other)}"
    for number, (a, b) in enumerate(zip(first, other), 1):
        names = [n for n in {**a, **b} if differ(n, a, b, lost)]
        for name in names:
            yield (f"event {number} ({a.get('queue_id')} <{a.get('recipient')}>): "
                   f"{name} {a.get(name)!r} and {b.get(name)!r}")
        if {"queue_id", "recipient"} & set(names):
            break  # one is missing: all that follows is shifted


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", default="agree")
    parser.add_argument("--show", type=int, default=10)
    parser.add_argument("forms", nargs="+")
    args = parser.parse_args()

    forms = [form.split("=", 1) for form in args.forms]
    (base, path), *others = forms
    first = read(path)
    faults = [f"{base} and {form}: {what}" for form, path in others
              for what in disagreements(first, read(path), LOST.get(form))]
    for fault in faults[:args.show]:
        print(f"  {args.name}: {fault[:600]}")
    print(f"{args.name}: {len(first)} events in {len(forms)} forms "
          f"({', '.join(form for form, _ in forms)}), {len(faults)} differences")
    sys.exit(1 if faults or not first else 0)


if __name__ == "__main__":
    main()
