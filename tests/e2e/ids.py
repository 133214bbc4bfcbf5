#!/usr/bin/python3
"""tests/e2e/ids.py LOG: the event ids that the backend accepted, one a line."""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    for line in f:
        request = json.loads(line)
        if request["answer"] == 200:
            print(*request["ids"], sep="\n")
