#!/usr/bin/python3
"""What `journalctl -o json` gives for the messages of a log file: stdout, a line for each.

    journal.py [--pri FILE] [--cut] LOG

LOG has the prefix of RSYSLOG_FileFormat; --pri names the same log in
RSYSLOG_SyslogProtocol23Format, which alone has facility and priority (without it: mail.info).
Written is what `journalctl -o json --all` says; --cut leaves out --all, and a field of 4,096
bytes and more is null then. As journald has it (journald-syslog.c, logs-show.c):

- the tag up to a colon is SYSLOG_IDENTIFIER, a number in brackets at its end SYSLOG_PID;
- MESSAGE is without blanks at its end; a value that is no UTF-8 or has control characters
  other than tab and newline is an array of its bytes;
- the fields of a line stand in any order.

The real journalctl (systemd 252) was asked, and said the same. What journald adds by itself
(cursor, boot, unit ...) is made up. _PID is who sent it: for daemons that log themselves the
same as SYSLOG_PID.
"""

import argparse
import datetime
import json
import random
import re
import sys

LINE = re.compile(rb"(\S+) (\S+) ((\S*?)(?:\[(\d+)\])?:(?: |$))?(.*)", re.S)
PRI = re.compile(rb"<(\d+)>1 ")
# control characters, and what is no character at all
ODD = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef%s]" % "".join(
    chr(plane << 16 | low) for plane in range(17) for low in (0xfffe, 0xffff)))
MAIL_INFO = 22
THRESHOLD = 4096
BOOT = "6a0d0ae7a3e54b9c8d5a31c1f0e7b2d4"


def value(name, data, cut):
    """A field's value as journalctl writes it."""
    if cut and len(name) + 1 + len(data) >= THRESHOLD:
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return list(data)
    return list(data) if ODD.search(text) else text


def microseconds(stamp):
    time = datetime.datetime.fromisoformat(stamp.decode().replace("Z", "+00:00"))
    return (time - datetime.datetime.fromtimestamp(0, datetime.timezone.utc)) \
        // datetime.timedelta(microseconds=1)


def record(number, line, pri, cut):
    found = LINE.fullmatch(line)
    if not found:
        sys.exit(f"journal.py: no ISO prefix: {line[:80]!r}")
    stamp, host, _, tag, pid, message = found.groups()
    real = microseconds(stamp)
    fields = {
        "__CURSOR": f"s=5f0c;i={number:x};b={BOOT};m={real & 0xffffffff:x};t={real:x}".encode(),
        "__REALTIME_TIMESTAMP": b"%d" % real,
        "__MONOTONIC_TIMESTAMP": b"%d" % (real & 0xffffffff),
        "_BOOT_ID": BOOT.encode(),
        "_TRANSPORT": b"syslog",
        "_HOSTNAME": host,
        "PRIORITY": b"%d" % (pri & 7),
        "SYSLOG_FACILITY": b"%d" % (pri >> 3),
        "SYSLOG_IDENTIFIER": tag,
        "SYSLOG_PID": pid,
        "_PID": pid,
        "_UID": b"0",
        "MESSAGE": message.rstrip(b" \t\r\n"),
    }
    order = [name for name in fields if fields[name] is not None]
    random.Random(number).shuffle(order)
    return {name: value(name, fields[name], cut) for name in order}


def priorities(path):
    with open(path, "rb") as file:
        for line in file:
            found = PRI.match(line)
            if not found:
                sys.exit(f"journal.py: no RFC 5424 prefix: {line[:80]!r}")
            yield int(found[1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pri")
    parser.add_argument("--cut", action="store_true")
    parser.add_argument("log")
    args = parser.parse_args()

    pri = priorities(args.pri) if args.pri else None
    with open(args.log, "rb") as file:
        for number, line in enumerate(file, 1):
            data = record(number, line.rstrip(b"\n"), next(pri) if pri else MAIL_INFO, args.cut)
            print(json.dumps(data, ensure_ascii=False, separators=(",", ":")))
    if pri and next(pri, None) is not None:
        sys.exit("journal.py: the two logs are not of the same messages")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    main()
