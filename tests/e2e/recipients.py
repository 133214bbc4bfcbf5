#!/usr/bin/python3
"""tests/e2e/recipients.py LOG: the local parts that the backend accepted, in order.

A batch that came again under its key (as after a kill -9 between answer and record) counts
once, as it does for a receiver.
"""

import json
import sys

seen = set()
with open(sys.argv[1], encoding="utf-8") as f:
    for line in f:
        request = json.loads(line)
        if request["answer"] == 200 and request["key"] not in seen:
            seen.add(request["key"])
            print(*[r.partition("@")[0] for r in request["recipients"]], sep="\n")
