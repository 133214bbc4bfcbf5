#!/usr/bin/python3
"""tests/e2e/trickle.py [--chunk N] FROM TO: copies a file in writes of N bytes (1)."""

import argparse
import os

args = argparse.ArgumentParser()
args.add_argument("--chunk", type=int, default=1)
args.add_argument("source")
args.add_argument("target")
args = args.parse_args()

with open(args.source, "rb") as f:
    data = f.read()
fd = os.open(args.target, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
for i in range(0, len(data), args.chunk):
    os.write(fd, data[i:i + args.chunk])
os.close(fd)
