#!/usr/bin/python3
"""tests/tailer/writer.py: writes numbered records without pause, as mail servers do.

    writer.py TARGET --list L [--format postfix|pmta] [--rate N] [--count N] [--torn] ...

One TARGET:
    --file F [--open keep|each] [--delay S]
        appends to F. keep: the fd stays open, SIGHUP opens the file anew (--delay: so long
        after the signal). each: opened for each write.
    --pmta DIR [--move-to DIR] [--order move|create] [--restart] [--max-size N]
        PowerMTA: DIR/bounces-YYYY-MM-DD-NNNN.csv, the next one at SIGHUP (`pmta rotate acct`)
        and at max-size; every third one on the next day. move-to: the old one is renamed
        there, before (--order move) or after (create) the new one is made; --restart: then
        the number begins at 0000 again, each on a day of its own.
    --overwrite F --every K
        `> F` after K records, again and again.
    --cycle F --how rename|delete|replace [--to PATTERN] --ms N
        every N ms a new file F: the old one is renamed (PATTERN: F.{n}), deleted, or replaced
        by a rename of a file that has its first records already.
    --many DIR --files N
        N files DIR/1.log and so on by turns, opened for each write.
    --syslog SOCKET [--pri N]
        datagrams to a syslog daemon's unix socket, which writes the file.

Runs until SIGTERM, until --count records are written, or --turns-max times it went on to
another file; what is begun is written to its
end. Each record has a recipient of its own, n000001@example.net and so on, from --first
on, with --tag before it. L gets those that are whole on disk, a line each, and L.times the
same with the time. --torn: writes end anywhere, inside quotes, too, as those of a
buffering writer do. --turns F: how many times it went on to another file, once it is done.
--after LOG: goes on to another file only when all that it wrote stands in that log of
backend.py, within 10 s. --may F: only now and then, else after a random moment; F gets those
that may not have been read then.

A record says its number twice (recipient and jobId or queue id), so that one made of two
halves is found out.
"""

import argparse
import bisect
import datetime
import os
import random
import signal
import socket
import time

HEADER = "type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat,jobId\n"


def row(n, recipient):
    return (f'b,2026-03-02 08:00:00+0000,s@lists.example.com,{recipient},5.1.1,'
            f'"smtp;550 5.1.1 ""no"", user\r\n unknown {"x" * (n % 97)}",bad-mailbox,{n}\n')


def tail(n, recipient):
    return (f"{0xA0000000 + n:X}: to=<{recipient}>, relay=mx.example.net[192.0.2.25]:25, "
            f"delay=0.3, delays=0.1/0/0.1/0.1, dsn=5.1.1, status=bounced (host "
            f"mx.example.net[192.0.2.25] said: 550 5.1.1 <{recipient}>: unknown "
            f"{'x' * (n % 97)} (in reply to RCPT TO command))\n")


def line(n, recipient):
    return (f"2026-03-02T08:00:00.{n % 1000000:06d}+00:00 mx1 postfix/smtp[{n % 30000}]: "
            + tail(n, recipient))


class Plain:
    """A file that somebody else rotates."""

    def __init__(self, args, header):
        self.path, self.header, self.each = args.file, header, args.open == "each"
        self.fd = -1
        self.turned = 0
        self.open()

    def open(self):
        self.fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        if self.header and os.fstat(self.fd).st_size == 0:
            os.write(self.fd, self.header)

    def write(self, data):
        if self.fd < 0:
            self.open()
        os.write(self.fd, data)
        if self.each:
            os.close(self.fd)
            self.fd = -1

    def wants_turn(self):
        return False

    def turn(self):
        if self.fd >= 0:
            os.close(self.fd)
        self.open()


class PowerMTA:
    """Its own rotation."""

    def __init__(self, args, header):
        self.args, self.header = args, header
        self.day = datetime.date(2026, 3, 1)
        self.number = 0
        self.turned = 0
        self.open()

    def name(self):
        return f"bounces-{self.day}-{self.number:04d}.csv"

    def open(self):
        self.path = f"{self.args.pmta}/{self.name()}"
        self.fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL,
                          0o644)
        os.write(self.fd, self.header)
        self.size = len(self.header)

    def write(self, data):
        os.write(self.fd, data)
        self.size += len(data)

    def wants_turn(self):
        return 0 < self.args.max_size <= self.size

    def turn(self):
        self.turned += 1
        os.close(self.fd)
        old = self.path
        fresh_day = self.args.restart or self.turned % 3 == 0
        self.day += datetime.timedelta(days=fresh_day)
        self.number = 0 if fresh_day else self.number + 1
        if self.args.order == "create":
            self.open()
        if self.args.move_to:
            os.rename(old, f"{self.args.move_to}/{os.path.basename(old)}")
        if self.args.order == "move":
            self.open()


class Overwritten:
    """`> file` before each of its fills."""

    def __init__(self, args, header):
        self.args, self.header = args, header
        self.turned = 0
        self.lines = 0
        self.path = args.overwrite
        self.turn()

    def turn(self):
        self.fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.write(self.fd, self.header)
        self.lines = 0
        self.turned += 1

    def write(self, data):
        os.write(self.fd, data)
        self.lines += 1

    def wants_turn(self):
        return self.lines >= self.args.every


class Cycle:
    """A new file every few milliseconds."""

    def __init__(self, args, header):
        self.args, self.header, self.path = args, header, args.cycle
        self.turned, self.fd = 0, -1
        self.open(self.path)
        self.begun = self.path

    def open(self, path):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o644)
        self.begun = path
        self.since = time.monotonic()
        os.write(self.fd, self.header)

    def write(self, data):
        os.write(self.fd, data)
        if self.begun != self.path:
            os.rename(self.begun, self.path)
            self.begun = self.path

    def wants_turn(self):
        return self.begun == self.path and \
            time.monotonic() - self.since >= self.args.ms / 1000

    def turn(self):
        self.turned += 1
        if self.args.how == "replace":
            self.open(self.path + ".new")
            return
        if self.args.how == "rename":
            os.rename(self.path,
                      (self.args.to or self.path + ".{n}").format(n=self.turned))
        else:
            os.unlink(self.path)
        self.open(self.path)


class Many:
    """By turns, 100 records each time, to files that are opened for each write."""

    def __init__(self, args, header):
        self.args, self.header, self.at = args, header, 0

    def write(self, data):
        lines = data.splitlines(keepends=True)
        for i in range(0, len(lines), 100):
            self.at = self.at % self.args.files + 1
            fd = os.open(f"{self.args.many}/{self.at}.log",
                         os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            os.write(fd, b"".join(lines[i:i + 100]))
            os.close(fd)

    def wants_turn(self):
        return False

    def turn(self):
        pass


class Syslog:
    """A datagram each; the daemon behind the socket writes."""

    def __init__(self, args, _header):
        self.pri = args.pri
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.connect(args.syslog)

    def write(self, data):
        for text in data.splitlines():
            self.socket.send(f"<{self.pri}>Mar  2 08:00:00 postfix/smtp[77]: ".encode() + text)

    def wants_turn(self):
        return False

    def turn(self):
        pass


class Writer:
    def __init__(self, args):
        self.args = args
        self.random = random.Random(args.seed)
        self.names = open(args.list, "a", encoding="utf-8")
        self.times = open(args.list + ".times", "a", encoding="utf-8")
        self.buffer = bytearray()
        self.waiting = []  # (end in buffer, number) of records not whole on disk
        self.fresh = []  # those in the file that will be overwritten
        self.log = open(args.after, "rb") if args.after else None
        self.seen, self.last = b"", 0
        self.hup, self.over, self.hup_at, self.turns = 0, False, 0, 0
        header = HEADER.encode() if args.format == "pmta" else b""
        self.make = row if args.format == "pmta" else tail if args.syslog else line
        kind = Plain if args.file else PowerMTA if args.pmta else \
            Overwritten if args.overwrite else Cycle if args.cycle else \
            Many if args.many else Syslog
        self.target = kind(args, header)
        signal.signal(signal.SIGHUP, self.on_hup)
        signal.signal(signal.SIGTERM, self.on_term)

    def on_hup(self, *_):
        self.hup += 1
        self.hup_at = time.monotonic()

    def on_term(self, *_):
        self.over = True

    def recipient(self, n):
        return f"{self.args.tag}n{n:06d}@example.net"

    def add(self, n):
        self.buffer += self.make(n, self.recipient(n)).encode()
        self.waiting.append((len(self.buffer), n))

    def flush(self, n):
        """Writes n bytes; notes the records that are whole now."""
        self.target.write(bytes(self.buffer[:n]))
        del self.buffer[:n]
        now = time.time()
        at = f" {now:.6f}\n"
        whole = bisect.bisect_right(self.waiting, (n, float("inf")))
        done = [number for _, number in self.waiting[:whole]]
        self.waiting = [(end - n, number) for end, number in self.waiting[whole:]]
        if not done:
            return
        recipients = [self.recipient(number) for number in done]
        self.names.write("\n".join(recipients) + "\n")
        self.times.write("".join(r + at for r in recipients))
        self.names.flush()
        self.times.flush()
        if self.args.may:
            self.fresh += done
        self.last = done[-1]

    def flush_all(self):
        if self.buffer:
            self.flush(len(self.buffer))

    def wait_arrived(self):
        """Until the last record stands in the log; it is read on from where we were."""
        want = self.recipient(self.last).encode()
        until = time.monotonic() + 10
        while want not in self.seen:
            if time.monotonic() > until:
                raise SystemExit(f"{want} has not arrived within 10 s")
            time.sleep(0.005)
            self.seen = self.seen[-100:] + self.log.read()

    def turn(self):
        self.flush_all()
        if self.args.may:
            self.overwritten()
        elif self.args.after:
            self.wait_arrived()
        self.target.turn()

    def overwritten(self):
        with open(self.args.may, "a", encoding="utf-8") as f:
            f.writelines(self.recipient(number) + "\n" for number in self.fresh)
        self.fresh = []

    def said(self):
        if self.args.turns:
            with open(self.args.turns + ".tmp", "w", encoding="ascii") as f:
                f.write(f"{self.turns}\n")
            os.rename(self.args.turns + ".tmp", self.args.turns)

    def heed(self):
        """What signals and sizes ask for."""
        if self.hup > self.turns and time.monotonic() - self.hup_at >= self.args.delay:
            self.turn()
            self.turns += 1
            self.said()
        elif self.target.wants_turn():
            if self.args.may:
                self.flush_all()
                pause = self.random.choice((0, 0.01, 0.1, None))
                if pause is None:
                    self.wait_arrived()
                    self.fresh = []
                else:
                    time.sleep(pause)
            self.turn()
            if self.target.turned == self.args.turns_max:
                self.over = True

    def run(self):
        args = self.args
        n, begin, done = args.first, time.monotonic(), 0
        while not self.over and (args.count == 0 or done < args.count):
            due = int((time.monotonic() - begin) * args.rate) + 1 if args.rate else done + 1000
            for _ in range(min(due - done, 1000)):
                if self.over or (args.count and done == args.count):
                    break
                self.add(n)
                n, done = n + 1, done + 1
                if args.overwrite:
                    self.flush_all()
                    self.heed()
            if args.torn and self.buffer:
                self.flush(self.random.randint(1, len(self.buffer)))
            else:
                self.flush_all()
            self.heed()
            if args.rate:
                time.sleep(0.005)
        self.flush_all()


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--file")
    args.add_argument("--open", choices=("keep", "each"), default="keep")
    args.add_argument("--delay", type=float, default=0)
    args.add_argument("--pmta")
    args.add_argument("--move-to")
    args.add_argument("--order", choices=("move", "create"), default="move")
    args.add_argument("--restart", action="store_true")
    args.add_argument("--max-size", type=int, default=0)
    args.add_argument("--overwrite")
    args.add_argument("--every", type=int, default=10)
    args.add_argument("--cycle")
    args.add_argument("--how", choices=("rename", "delete", "replace"), default="rename")
    args.add_argument("--to")
    args.add_argument("--ms", type=float, default=20)
    args.add_argument("--turns-max", type=int, default=0)
    args.add_argument("--after")
    args.add_argument("--may")
    args.add_argument("--many")
    args.add_argument("--files", type=int, default=1)
    args.add_argument("--syslog")
    args.add_argument("--pri", type=int, default=22)
    args.add_argument("--list", required=True)
    args.add_argument("--turns")
    args.add_argument("--format", choices=("pmta", "postfix"), default="postfix")
    args.add_argument("--rate", type=float, default=500)
    args.add_argument("--count", type=int, default=0)
    args.add_argument("--first", type=int, default=1)
    args.add_argument("--tag", default="")
    args.add_argument("--torn", action="store_true")
    args.add_argument("--seed", type=int, default=1)
    Writer(args.parse_args()).run()


main()
