#!/usr/bin/python3
"""The rest of the world for sendmail: SMTP servers that answer from sendmail.tsv, and the DNS.

    sendmail_peer.py DIR

For a network namespace of its own, where it brings up loopback and listens on port 25 of the
addresses of sendmail_table.Zone. Creates DIR/ready when it listens, and writes DIR/peer.jsonl,
its account of what it said, a line for each transaction:

    {"listener", "ids", "mail", "outcomes": [[recipient, command, reply, row], ...]}

ids are the queue ids in the Received headers, the last hop's first, where DATA came that far.
A recipient of null stands for all. A connection that ended before MAIL FROM has no outcomes.
"""

import fcntl
import json
import os
import re
import signal
import socket
import socketserver
import struct
import sys
import threading

import sendmail_dns
import sendmail_table as sm

PATH = re.compile(r'(?i)(?:FROM|TO):\s*<((?:"(?:\\.|[^"\\])*"|[^">])*)>')
RECEIVED = re.compile(rb"(?m)^Received:.*(?:\n[ \t].*)*")
FEATURES = ["PIPELINING", "SIZE 10485760", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN", "HELP"]
ACCEPTED = "250 2.0.0 Ok: queued as PEER1"


def path(line):
    """The address; of one that is none, all that stands there."""
    return (PATH.search(line) or re.search("<(.*)>", line) or re.search("(.*)", line))[1]


class Gone(Exception):
    """The dialogue is over."""


class Account:
    """What all connections share: the table, the transcript, who was turned away before."""

    def __init__(self, directory, rows):
        self.rows = rows
        self.lock = threading.Lock()
        self.seen = set()
        self.file = open(os.path.join(directory, "peer.jsonl"), "w", encoding="utf-8")

    def note(self, listener, mail, outcomes, ids=()):
        line = {"listener": listener, "ids": ids, "mail": mail, "outcomes": outcomes}
        with self.lock:
            self.file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self.file.flush()

    def row(self, sender, address, stage):
        """The row for this address; none any more for the second try of what may pass then."""
        row = sm.lookup(self.rows, address, stage)
        if row and row.final == "sent" and sm.temporary(row):
            with self.lock:
                again = (sender, address) in self.seen
                self.seen.add((sender, address))
            if again:
                return None
        return row


class Handler(socketserver.StreamRequestHandler):
    timeout = 60  # bounded, whatever the other side does

    def handle(self):
        self.account, self.name = self.server.account, self.server.name
        row = self.account.rows.get(self.name)
        self.own = row if row and row.stage in ("CONNECT", "EHLO") else None
        self.reset()
        try:
            if self.own and self.own.stage == "CONNECT":
                self.account.note(self.name, None, [])
                self.act(self.own.reply)
            else:
                self.say("220 peer.test ESMTP scripted")
            while True:
                self.command()
        except (Gone, OSError):
            pass
        self.end_transaction()

    def reset(self):
        self.mail, self.outcomes, self.accepted, self.decided = None, [], [], False

    def end_transaction(self, ids=()):
        if self.mail is not None:
            self.account.note(self.name, self.mail, self.outcomes, ids)
        self.reset()

    def say(self, text):
        data, close = sm.wire(text)
        self.wfile.write(data)
        if close:
            raise Gone

    def act(self, reply):
        """Say it; silence ends the connection."""
        if reply == "TIMEOUT":
            while self.rfile.read(1):
                pass
        if reply in sm.SILENCE:
            raise Gone
        self.say(reply)

    def command(self):
        line = self.rfile.readline(8192)
        if not line:
            raise Gone
        line = line.decode("utf-8", "replace").rstrip("\r\n")
        verb = line[:4].upper()
        if verb in ("EHLO", "HELO"):
            self.hello(verb)
        elif verb == "MAIL":
            self.end_transaction()
            self.mail_from(path(line))
        elif verb == "RCPT":
            self.rcpt_to(path(line))
        elif verb == "DATA":
            self.data()
        elif verb in ("RSET", "QUIT"):
            self.end_transaction()
            self.say("250 2.0.0 Ok" if verb == "RSET" else "221 2.0.0 Bye CLOSE")
        else:
            self.say("500 5.5.1 Command unknown")

    def hello(self, verb):
        if self.own:
            # one account for one try: HELO follows where EHLO was refused
            if verb == "EHLO":
                self.account.note(self.name, None, [])
            self.act(self.own.reply)
        elif verb == "HELO" or self.name == "plain":
            self.say("250 peer.test")
        else:
            self.say("\\n".join(["250-peer.test"] + ["250-" + f for f in FEATURES] + ["250 OK"]))

    def mail_from(self, sender):
        self.mail = sender
        row = self.account.row(sender, sender, "MAIL")
        if row:  # for every recipient, named yet or not
            self.outcomes.append([None, "MAIL FROM", row.reply, row.local])
            self.decided = True
        self.act(row.reply if row else "250 2.1.0 Ok")

    def rcpt_to(self, address):
        if self.mail is None or self.decided:
            self.say("503 5.5.1 MAIL first")
            return
        row = self.account.row(self.mail, address, "RCPT")
        if not row:
            self.accepted.append(address)
            self.say("250 2.1.5 Ok")
            return
        self.outcomes.append([address, "RCPT TO", row.reply, row.local])
        self.act(row.reply)

    def decide(self, command, stage):
        """The first row that a recipient has for this stage goes for them all."""
        found = (self.account.row(self.mail, a, stage) for a in self.accepted)
        row = next((row for row in found if row), None)
        if row or stage == "EOD":
            reply, key = (row.reply, row.local) if row else (ACCEPTED, None)
            self.outcomes += [[a, command, reply, key] for a in self.accepted]
        return row

    def data(self):
        if not self.accepted:
            self.say("554 5.5.1 No valid recipients")
            return
        row = self.decide("DATA", "DATA")
        if row:
            self.accepted = []
            self.act(row.reply)
            return
        self.say("354 End data with <CR><LF>.<CR><LF>")
        ids = self.read_message()
        row = self.decide("end of DATA", "EOD")
        # in the transcript first: the last thing said may be the last of all
        self.end_transaction(ids)
        self.act(row.reply if row else ACCEPTED)

    def read_message(self):
        head, size = b"", 0
        while True:
            line = self.rfile.readline(65536)
            if not line:
                raise Gone
            if line == b".\r\n":
                break
            size += len(line)
            if size < 65536:
                head += line.rstrip(b"\r\n") + b"\n"
        head = head.partition(b"\n\n")[0]
        found = (re.search(rb"\bid (\w+)", r) for r in RECEIVED.findall(head))
        return [f[1].decode() for f in found if f]


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


def network_up():
    """Loopback, and on it a network that looks like one."""
    siocsifflags, siocsifaddr, siocsifnetmask, up_running = 0x8914, 0x8916, 0x891c, 0x41
    with socket.socket() as sock:
        def interface(name, request, value):
            fcntl.ioctl(sock, request, struct.pack("16s16s", name, value))

        def address(text):
            return struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(text))

        interface(b"lo", siocsifflags, struct.pack("H14x", up_running))
        interface(b"lo:1", siocsifaddr, address(sm.NET + ".0"))
        interface(b"lo:1", siocsifnetmask, address("255.255.255.0"))


def main():
    directory = sys.argv[1]
    rows = sm.load()
    zone = sm.Zone(rows)
    account = Account(directory, rows)
    network_up()
    servers = [sendmail_dns.server(sm.DNS, zone)]
    for name, address in zone.listeners.items():
        server = Server((address, 25), Handler)
        server.account, server.name = account, name
        servers.append(server)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    with open(os.path.join(directory, "ready"), "w", encoding="ascii"):
        pass
    signal.sigtimedwait([signal.SIGTERM], 300)  # no rig takes longer


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    main()
