#!/usr/bin/python3
"""tests/e2e/backend.py: a scripted HTTP backend, independent of the C code.

    backend.py --port-file F --log F [--plan PLAN | --plan @FILE] [--port N]

Listens on 127.0.0.1 and writes its port to the port file once it does. Writes every
request to the log, one JSON line, before it answers: what it says it took is on record,
whatever is killed next. PLAN is a comma list of rules; the first that fires decides:

    all:ANSWER             every request
    first:N:ANSWER         the first N
    every:N:ANSWER         every N-th
    random:SEED:P:ANSWER   with probability P, the same for the same SEED and request
    poison:TEXT:ANSWER     where the body (unpacked) contains TEXT
    reject:TEXT            a 200 names the events whose recipient contains TEXT as rejected
    max:N:ANSWER           where there are more than N events
    reset:N land-reset:N cut:N hang:N    every:N:reset, every:N:lost and so on

ANSWER is a code or: `reset` (connection reset, nothing taken), `lost` (taken, then reset
without an answer), `cut` (a 200 whose body ends too soon), `half` (the same by a reset),
`hang` (no answer for a minute).
Besides, these rules go with any answer:

    slow:N:MS              every N-th waits so long (slow:1:50: all do)
    retry-after:SECONDS    header on 429 and 503
    retry-date:SECONDS     the same as an HTTP date, so far ahead (the full second after it)
    location:URL           header on a 3xx
    busy:CODE:SECONDS      Retry-After on this code (429, 503) only
    unread:N               every N-th is reset in mid-body: no request, not in the log

@FILE is read anew for each request. Without a rule: 200 {"accepted":N}, or 400 for what is
no batch.
"""

import argparse
import email.utils
import hashlib
import http.server
import json
import math
import os
import random
import signal
import socket
import struct
import threading
import time
import zlib

HANG_SECONDS = 60
EVERY = {"reset": "reset", "land-reset": "lost", "cut": "cut", "hang": "hang"}
WORDS = set(EVERY.values()) | {"half"}


def http_date(seconds):
    return email.utils.formatdate(seconds, usegmt=True)


def answer_of(text):
    return text if text in WORDS else int(text)


class Plan:
    def __init__(self, text):
        self.file = text[1:] if text.startswith("@") else None
        self.rules = [] if self.file else self.parse(text)

    @staticmethod
    def parse(text):
        return [rule.split(":", 1) for rule in text.strip().split(",") if rule]

    def current(self):
        if self.file is None:
            return self.rules
        with open(self.file, encoding="utf-8") as f:
            return self.parse(f.read())

    @staticmethod
    def fires(name, rest, n, body, count):
        """The answer of one rule for request n, or None."""
        if name == "all":
            return answer_of(rest)
        if name in EVERY:
            return EVERY[name] if n % int(rest) == 0 else None
        what, answer = rest.rsplit(":", 1)
        if name == "random":
            seed, p = what.split(":")
            # by number, not by turn: threads do not change what a seed does
            hit = random.Random(f"{seed}:{n}").random() < float(p)
        elif name == "poison":
            hit = what.encode() in body
        else:
            hit = {"first": lambda: n <= int(what), "every": lambda: n % int(what) == 0,
                   "max": lambda: (count or 0) > int(what)}[name]()
        return answer_of(answer) if hit else None

    def decide(self, n, body, count):
        """(answer or None, seconds to wait, Retry-After or None)"""
        answer, wait, retry_after = None, 0.0, None
        for name, rest in self.current():
            if name == "slow":
                every, ms = rest.split(":")
                wait += int(ms) / 1000 if n % int(every) == 0 else 0
            elif name == "retry-after":
                retry_after = rest
            elif name == "retry-date":
                retry_after = http_date(math.ceil(time.time() + float(rest)))
            elif name in ("reject", "location", "busy", "unread"):
                continue  # see rejected(), location(), busy(), unread()
            elif answer is None:
                answer = self.fires(name, rest, n, body, count)
        return answer, wait, retry_after

    def location(self):
        return next((rest for name, rest in self.current() if name == "location"), None)

    def busy(self, code):
        rules = [rest.split(":") for name, rest in self.current() if name == "busy"]
        return next((seconds for c, seconds in rules if c == str(code)), None)

    def unread(self, n):
        return any(n % int(rest) == 0 for name, rest in self.current() if name == "unread")

    def rejected(self, events):
        texts = [rest for name, rest in self.current() if name == "reject"]
        return [e for e in events or []
                if any(t in e.get("recipient", "") for t in texts)]


def events_of(body, media_type):
    """The events of a batch in any of the three formats; None: it is no batch."""
    try:
        if media_type.startswith("application/x-ndjson"):
            return [json.loads(line) for line in body.splitlines()]
        batch = json.loads(body)
        events = batch["events"] if isinstance(batch, dict) else batch
        return events if all(isinstance(e, dict) for e in events) else None
    except (ValueError, KeyError, TypeError):
        return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body of an answer in one write
    disable_nagle_algorithm = True

    def log_message(self, *args):  # pylint: disable=arguments-differ
        pass

    def do_POST(self):  # pylint: disable=invalid-name
        length = int(self.headers.get("Content-Length", 0))
        if self.server.plan.unread(self.server.next_post()):
            self.rfile.read(length // 2)
            self.drop()
            return
        raw = self.rfile.read(length)
        if len(raw) < length:  # its sender was killed in mid-body: this was no request
            self.close_connection = True
            return
        body = raw
        try:
            if self.headers.get("Content-Encoding") == "gzip":
                body = zlib.decompress(raw, 16 + zlib.MAX_WBITS)
            events = events_of(body, self.headers.get("Content-Type", ""))
        except zlib.error:
            events = None
        count = None if events is None else len(events)
        n = self.server.next_number()
        answer, wait, retry_after = self.server.plan.decide(n, body, count)
        if answer is None:
            answer = 400 if events is None else 200
        retry_after = retry_after or self.server.plan.busy(answer)
        rejected = self.server.plan.rejected(events) if answer == 200 else []
        taken = [e for e in events or [] if e not in rejected]
        self.server.log({
            "n": n, "t": round(time.monotonic(), 6), "wall": round(time.time(), 6),
            "path": self.path,
            "key": self.headers.get("Idempotency-Key"),
            "attempt": self.headers.get("Bouncefeed-Attempt"),
            "type": self.headers.get("Content-Type"),
            "sha256": hashlib.sha256(raw).hexdigest(), "count": count,
            "ids": [e.get("id") for e in taken],
            "recipients": [e.get("recipient") for e in taken], "answer": answer,
            "rejected": len(rejected), "retry_after": retry_after,
        })
        time.sleep(wait)
        self.answer(answer, count, retry_after, rejected)

    def answer(self, answer, count, retry_after, rejected=()):
        if answer == "hang":
            time.sleep(HANG_SECONDS)
        if answer in ("reset", "lost", "hang"):
            self.drop()
            return
        code = 200 if answer in ("cut", "half") else answer
        text = {"accepted": count} if code // 100 == 2 else {"error": "scripted"}
        if rejected:
            text["rejected"] = [{"id": e["id"], "reason": "scripted " + "x" * 150}
                                for e in rejected]
        body = b"" if code in (204, 205, 304) else json.dumps(text).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        if code != 204:
            self.send_header("Content-Length", len(body) + (100 if answer == "cut" else 0))
        if retry_after is not None and code in (429, 503):
            self.send_header("Retry-After", retry_after)
        location = self.server.plan.location() if code // 100 == 3 else None
        if location is not None:
            self.send_header("Location", location)
        self.end_headers()
        if answer == "half":
            self.wfile.write(body[:len(body) // 2])
            self.wfile.flush()
            self.drop()
            return
        self.wfile.write(body)
        self.close_connection |= answer == "cut"

    def drop(self):
        """Ends the connection with a RST, as a backend that dies does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        # rfile and wfile hold the socket, too: it goes when all three are closed, and
        # no shutdown() may come before that, since it would send a FIN


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, plan, log):
        super().__init__(("127.0.0.1", port), Handler)
        self.plan = plan
        self.lock = threading.Lock()
        self.number = 0
        self.posts = 0
        self.log_fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def next_number(self):
        with self.lock:
            self.number += 1
            return self.number

    def next_post(self):
        with self.lock:
            self.posts += 1
            return self.posts

    def log(self, entry):
        # one write: a line is there whole or not at all when somebody kills us
        line = json.dumps(entry).encode() + b"\n"
        if os.write(self.log_fd, line) != len(line):
            os._exit(74)

    def shutdown_request(self, request):
        linger = request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
        if struct.unpack("ii", linger) == (1, 0):
            request.close()  # close() alone sends the RST
        else:
            super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """A client that goes away is what the scenarios are about."""


def write_port(path, port):
    with open(path + ".tmp", "w", encoding="ascii") as f:
        f.write(f"{port}\n")
    os.rename(path + ".tmp", path)


def stop(*_):
    raise SystemExit(0)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--port-file", required=True)
    args.add_argument("--log", required=True)
    args.add_argument("--plan", default="")
    args.add_argument("--port", type=int, default=0)
    args = args.parse_args()
    signal.signal(signal.SIGTERM, stop)
    server = Server(args.port, Plan(args.plan), args.log)
    write_port(args.port_file, server.server_address[1])
    server.serve_forever(poll_interval=60)


if __name__ == "__main__":
    main()
