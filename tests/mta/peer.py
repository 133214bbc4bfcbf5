#!/usr/bin/python3
"""A scripted SMTP and LMTP server on loopback, and its own account of what it said.

    peer.py DIR

Answers from replies.tsv. Writes DIR/ports.tsv (name, port or socket) when it listens and
DIR/peer.jsonl while it runs: one line per transaction,

    {"listener", "qid", "mail", "outcomes": [[recipient, command, reply, row], ...]}

qid is what the Received header of the message names, where DATA came that far; row is the
local part in replies.tsv, null for the usual acceptance. What ends before MAIL FROM (CONNECT,
EHLO) is a line with an empty list; its listener has the row's name. Ends on SIGTERM.
"""

import json
import os
import re
import socket
import socketserver
import sys
import threading
import time

import table

PATH = re.compile(r'(?i)(?:FROM|TO):\s*<((?:"(?:\\.|[^"\\])*"|[^">])*)>')
FEATURES = {
    "main": ["PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"],
    "small": ["SIZE 2000"],
    "plain": [],
    "lmtp": ["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"],
    "lmtpunix": ["8BITMIME"],
}


class Gone(Exception):
    """The dialogue is over."""


class Peer:
    """What all connections share: the table, the transcript, who was turned away before."""

    def __init__(self, directory):
        self.rows = table.load()
        self.lock = threading.Lock()
        self.seen = set()
        self.file = open(os.path.join(directory, "peer.jsonl"), "w", encoding="utf-8")

    def note(self, listener, qid, mail, outcomes):
        line = {"listener": listener, "qid": qid, "mail": mail, "outcomes": outcomes}
        with self.lock:
            self.file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self.file.flush()

    def row(self, sender, address, stages):
        """The row for this address; none any more for the second try of a greylisted one."""
        row = table.lookup(self.rows, address, stages)
        if row and row.final == "sent" and table.temporary(row):
            with self.lock:
                again = (sender, address) in self.seen
                self.seen.add((sender, address))
            if again:
                return None
        return row


class Handler(socketserver.StreamRequestHandler):
    timeout = 60  # bounded, whatever the other side does

    def handle(self):
        self.peer, self.name = self.server.peer, self.server.name
        self.reset()
        try:
            self.greet()
            while True:
                self.command()
        except (Gone, OSError):
            pass
        self.finish_transaction()

    def reset(self):
        self.mail = self.qid = None
        self.outcomes = []
        self.accepted = []
        self.decided = False

    def finish_transaction(self):
        if self.mail is not None:
            self.peer.note(self.name, self.qid, self.mail, self.outcomes)
        self.reset()

    def say(self, text):
        data, close = table.wire(text)
        self.wfile.write(data)
        if close:
            raise Gone

    def act(self, row):
        """Say what the row has; silence ends the connection."""
        if row.reply == "TIMEOUT":
            while self.rfile.read(1):
                pass
        if table.silent(row):
            raise Gone
        self.say(row.reply)

    def greet(self):
        self.own = self.peer.rows.get(self.name)
        if self.own and self.own.stage == "CONNECT":
            self.peer.note(self.name, None, None, [])
            self.act(self.own)
        else:
            self.say("220 peer.test ESMTP scripted")

    def command(self):
        line = self.rfile.readline(8192)
        if not line:
            raise Gone
        line = line.decode("utf-8", "replace").rstrip("\r\n")
        verb = line[:4].upper()
        if verb in ("EHLO", "LHLO", "HELO"):
            self.hello(verb)
        elif verb == "MAIL":
            self.finish_transaction()
            self.mail_from(PATH.search(line)[1])
        elif verb == "RCPT":
            self.rcpt_to(PATH.search(line)[1])
        elif verb == "DATA":
            self.data()
        elif verb == "QUIT":
            self.finish_transaction()
            self.say("221 2.0.0 Bye CLOSE")
        elif verb in ("RSET", "NOOP"):
            if verb == "RSET":
                self.finish_transaction()
            self.say("250 2.0.0 Ok")
        else:
            self.say("500 5.5.1 Command unknown")

    def hello(self, verb):
        if self.own:
            # one account for one try: HELO follows where EHLO was refused
            if verb == "EHLO":
                self.peer.note(self.name, None, None, [])
            self.act(self.own)
            return
        features = FEATURES[self.name] if verb != "HELO" else []
        self.say("\\n".join(["250-peer.test"] + ["250-" + f for f in features] + ["250 HELP"])
                 if features else "250 peer.test")

    def mail_from(self, sender):
        self.mail = sender
        row = self.peer.row(sender, sender, ("MAIL",))
        if not row:
            self.say("250 2.1.0 Ok")
            return
        # for every recipient, named yet or not
        self.outcomes.append([None, "MAIL FROM", row.reply, row.local])
        self.decided = True
        self.act(row)

    def rcpt_to(self, address):
        if self.mail is None or self.decided:
            self.say("503 5.5.1 MAIL first")
            return
        row = self.peer.row(self.mail, address, ("RCPT",))
        if not row:
            self.accepted.append(address)
            self.say("250 2.1.5 Ok")
            return
        self.outcomes.append([address, "RCPT TO", row.reply, row.local])
        self.act(row)

    def decide(self, command, addresses, row):
        reply, key = (row.reply, row.local) if row else (table.ACCEPTED, None)
        self.outcomes += [[a, command, reply, key] for a in addresses]

    def first_row(self, stage):
        found = (self.peer.row(self.mail, a, (stage,)) for a in self.accepted)
        return next((row for row in found if row), None)

    def data(self):
        if not self.accepted:
            self.say("554 5.5.1 No valid recipients")
            return
        row = self.first_row("DATA")
        if row:
            self.decide("DATA", self.accepted, row)
            self.accepted = []
            self.act(row)
            return
        self.say("354 End data with <CR><LF>.<CR><LF>")
        self.qid = self.read_message()
        accepted = self.accepted
        if self.name.startswith("lmtp"):  # one reply for each recipient
            answers = [([a], self.peer.row(self.mail, a, ("EOD",))) for a in accepted]
        else:
            answers = [(accepted, self.first_row("EOD"))]
        for addresses, row in answers:
            self.decide("end of DATA", addresses, row)
        # what is said is in the transcript first: the last thing said may be the last of all
        mail, qid, outcomes = self.mail, self.qid, self.outcomes
        self.reset()
        self.peer.note(self.name, qid, mail, outcomes)
        for _, row in answers:
            if row:
                self.act(row)
            else:
                self.say(table.ACCEPTED)

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
                head += line
        received = re.search(rb"(?m)^Received:.*?(?=^\S|\Z)", head, re.S | re.M)
        qid = received and re.search(rb"\bid (\w+)", received[0][9:])
        return qid[1].decode() if qid else None


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


class UnixServer(Server):
    address_family = socket.AF_UNIX


def main():
    directory = sys.argv[1]
    peer = Peer(directory)
    ports = {}
    names = list(FEATURES) + [r.local for r in peer.rows.values() if r.stage in ("CONNECT", "EHLO")]
    for name in names:
        if name == "lmtpunix":
            address = os.path.join(directory, "lmtp.sock")
            server = UnixServer(address, Handler)
            os.chmod(address, 0o666)
            ports[name] = address
        else:
            server = Server(("127.0.0.1", 0), Handler)
            ports[name] = server.server_address[1]
        server.peer, server.name = peer, name
        threading.Thread(target=server.serve_forever, daemon=True).start()

    # bound and never listened on: a connection is refused, and nobody else gets the port
    refused = socket.socket()
    refused.bind(("127.0.0.1", 0))
    ports["refused"] = refused.getsockname()[1]
    # for Postfix to listen on: free a moment ago
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        ports["smtpd"] = free.getsockname()[1]

    path = os.path.join(directory, "ports.tsv")
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.writelines(f"{name}\t{port}\n" for name, port in ports.items())
    os.rename(path + ".new", path)
    time.sleep(300)  # no rig takes longer; SIGTERM ends it before


if __name__ == "__main__":
    main()
