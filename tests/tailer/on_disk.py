#!/usr/bin/python3
"""tests/tailer/on_disk.py --must MUST DIR...: adds the recipients of all records that lie
whole in a file below DIR right now, packed ones included, to the file MUST.

What a rotation takes from the disk before anybody could read it (copytruncate between its
copy and its truncation) is in no file then: that, and nothing else, cannot be asked for.
"""

import argparse
import gzip
import os
import re
import subprocess

# the number stands twice in a record: halves of two do not make one
ROW = re.compile(rb"^b,[^\n]*?,((?:[a-z]+-)?n(\d{6,})@[^,\n]*),(?:(?!\nb,).)*?,bad-mailbox,(\d+)\n",
                 re.M | re.S)
LINE = re.compile(rb"^[^\n]*: ([0-9A-F]+): to=<((?:[a-z]+-)?n(\d{6,})@[^>\n]*)>, [^\n]*"
                  rb"\(in reply to RCPT TO command\)\)\n", re.M)


def read(path):
    """What is in it; of a packed one that is cut short: nothing."""
    try:
        if path.endswith(".gz"):
            with gzip.open(path) as f:
                return f.read()
        if path.endswith(".zst"):
            return subprocess.run(["zstd", "-dcq", path], check=True,
                                  capture_output=True).stdout
        with open(path, "rb") as f:
            return f.read()
    except (EOFError, OSError, subprocess.CalledProcessError):
        return b""


def recipients(data):
    for rcpt, a, b in ROW.findall(data):
        if int(a) == int(b):
            yield rcpt.decode()
    for queue_id, rcpt, n in LINE.findall(data):
        if int(queue_id, 16) - 0xA0000000 == int(n):
            yield rcpt.decode()


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--must", required=True)
    args.add_argument("dirs", nargs="+")
    args = args.parse_args()
    found = set()
    for top in args.dirs:
        for folder, _, names in os.walk(top):
            for name in names:
                found.update(recipients(read(os.path.join(folder, name))))
    with open(args.must, "a", encoding="utf-8") as f:
        f.writelines(f"{r}\n" for r in sorted(found))


main()
