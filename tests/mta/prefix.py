#!/usr/bin/python3
"""The same log with the prefix that rsyslog writes (RSYSLOG_FileFormat): stdin to stdout.

    prefix.py [--host NAME] [--3164] [--year YYYY]

`Nov 22 04:49:04 mx1 postfix/qmgr[1]: ...` becomes
`2026-11-22T04:49:04.000137+00:00 mx1 postfix/qmgr[1]: ...`. A real rsyslog would need /dev/log,
which belongs to the machine. What is made up: the year (this one, one less where that would be
in the future), the offset (that of the local zone then) and the fraction: it counts the lines
of a second, so that times rise. --3164 keeps the old prefix, for --host alone. Bytes that are
no UTF-8 pass as they are.
"""

import argparse
import datetime
import re
import sys

LINE = re.compile(rb"([A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d) (\S+) (.*)", re.S)


def iso(stamp, year, fraction):
    stamp = " ".join(stamp.decode().split())
    time = datetime.datetime.strptime(f"{year} {stamp}", "%Y %b %d %H:%M:%S")
    if time > datetime.datetime.now() + datetime.timedelta(days=1):
        time = time.replace(year=year - 1)
    return time.replace(microsecond=fraction).astimezone().isoformat(timespec="microseconds")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host")
    parser.add_argument("--3164", dest="old", action="store_true")
    parser.add_argument("--year", type=int, default=datetime.date.today().year)
    args = parser.parse_args()

    last, count = None, 0
    for line in sys.stdin.buffer:
        found = LINE.fullmatch(line)
        if not found:
            sys.exit(f"prefix.py: no RFC 3164 prefix: {line[:80]!r}")
        stamp, host, rest = found.groups()
        count = count + 137 if stamp == last else 137
        last = stamp
        if not args.old:
            stamp = iso(stamp, args.year, count % 1000000).encode()
        host = args.host.encode() if args.host else host
        sys.stdout.buffer.write(b" ".join((stamp, host, rest)))


if __name__ == "__main__":
    main()
