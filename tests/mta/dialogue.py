"""The scripted server's side of an SMTP or LMTP dialogue, and the account of it: see peer.py."""

import json
import os
import re
import socketserver
import threading
import time

import cases
import table

PATH = re.compile(r'(?i)(?:FROM|TO):\s*<((?:"(?:\\.|[^"\\])*"|[^">])*)>')
# what the listeners that take mail say to EHLO
FEATURES = {
    "main": ["PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"],
    "small": ["SIZE 2000"],
    "plain": [],
    "lmtp": ["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"],
    "lmtpunix": ["8BITMIME"],
    # the end of the way, though it is at 127.0.0.1, where content filters are
    "store": ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"],
    # two hosts of one domain: who is turned away by the first goes to the second
    "first": ["PIPELINING", "8BITMIME"],
    "second": ["PIPELINING", "8BITMIME"],
}

PATIENCE = 1.0  # seconds


class Gone(Exception):
    """The dialogue is over."""


class Peer:
    """What all connections share: the table, the transcript, who was turned away before."""

    def __init__(self, directory):
        self.rows = table.load()
        self.lock = threading.Lock()
        self.seen = set()
        self.queue_ids = ["0123456789"]  # heard of so far
        self.handed_back = {}  # sender to when, None: not yet
        self.forwarded = {a for finals in cases.FORWARDED.values() for a in finals} | {
            final for _, final in cases.CHAINED.values()}
        self.file = open(os.path.join(directory, "peer.jsonl"), "w", encoding="utf-8")

    def note(self, listener, mail=None, outcomes=(), qids=(), message_id=None):
        line = {"listener": listener, "qids": qids, "message_id": message_id, "mail": mail,
                "outcomes": outcomes}
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

    def passed_on(self, sender, done):
        """A filter begins to hand a message back, or has said so."""
        with self.lock:
            self.handed_back[sender] = time.monotonic() if done else None

    def let_hop_be_logged(self, sender, address):
        """No outcome before the line that says where the message has gone: Postfix logs that
        when the next one may be on its way already. XFORWARD tells it before; not all have it."""
        until = time.monotonic() + 10
        while self.handed_back.get(sender, 0) is None and time.monotonic() < until:
            time.sleep(0.05)
        hop = time.monotonic() if address in self.forwarded else self.handed_back.get(sender, 0)
        time.sleep(max(0, hop + PATIENCE - time.monotonic()))

    def words(self, row, qids):
        """What is said: a stranger may have seen queue ids, and say them."""
        with self.lock:
            other = next((q for q in reversed(self.queue_ids) if q not in qids), "0123456789")
        own = qids[0] if qids else self.queue_ids[-1]
        return row.reply.replace("{QID}", own).replace("{OTHER}", other)


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
        self.mail = self.message_id = None
        self.qids, self.outcomes = [], []
        self.accepted = []
        self.decided = False

    def finish_transaction(self):
        if self.mail is not None:
            self.peer.note(self.name, self.mail, self.outcomes, self.qids, self.message_id)
        self.reset()

    def say(self, text):
        data, close = table.wire(text)
        self.wfile.write(data)
        if close:
            raise Gone

    def act(self, row, words=None):
        """Say what the row has; silence ends the connection."""
        if row.reply == "TIMEOUT":
            while self.rfile.read(1):
                pass
        if table.silent(row):
            raise Gone
        self.say(words or row.reply)

    def greet(self):
        self.own = self.peer.rows.get(self.name)
        if self.own and self.own.stage == "CONNECT":
            self.peer.note(self.name)
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
            self.command_other(line)

    def command_other(self, _line):
        self.say("500 5.5.1 Command unknown")

    def hello(self, verb):
        if self.own:
            # one account for one try: HELO follows where EHLO was refused
            if verb == "EHLO":
                self.peer.note(self.name)
            self.act(self.own)
            return
        features = self.features() if verb != "HELO" else []
        self.say("\\n".join(["250-peer.test"] + ["250-" + f for f in features] + ["250 HELP"])
                 if features else "250 peer.test")

    def features(self):
        return FEATURES[self.name]

    def mail_from(self, sender):
        self.mail = sender
        row = self.peer.row(sender, sender, ("MAIL",))
        if not row:
            self.say("250 2.1.0 Ok")
            return
        # for every recipient, named yet or not
        words = self.decide("MAIL FROM", [None], row)
        self.decided = True
        self.act(row, words)

    def rcpt_stages(self):
        return ("RCPT", "FIRST") if self.name == "first" else ("RCPT",)

    def rcpt_to(self, address):
        if self.mail is None or self.decided:
            self.say("503 5.5.1 MAIL first")
            return
        self.peer.let_hop_be_logged(self.mail, address)
        row = self.peer.row(self.mail, address, self.rcpt_stages())
        if not row:
            self.accepted.append(address)
            self.say("250 2.1.5 Ok")
            return
        self.act(row, self.decide("RCPT TO", [address], row))

    def decide(self, command, addresses, row):
        """The outcome for these addresses; gives what is said."""
        reply, key = table.ACCEPTED, None
        if row:
            reply, key = self.peer.words(row, self.qids), row.local
        self.outcomes += [[a, command, reply, key] for a in addresses]
        return reply

    def first_row(self, stage):
        found = (self.peer.row(self.mail, a, (stage,)) for a in self.accepted)
        return next((row for row in found if row), None)

    def data(self):
        if not self.accepted:
            self.say("554 5.5.1 No valid recipients")
            return
        row = self.first_row("DATA")
        if row:
            words = self.decide("DATA", self.accepted, row)
            self.accepted = []
            self.act(row, words)
            return
        self.say("354 End data with <CR><LF>.<CR><LF>")
        self.read_message()
        answers = self.answers()
        # what is said is in the transcript first: the last thing said may be the last of all
        self.finish_transaction()
        for row, words in answers:
            if row:
                self.act(row, words)
            else:
                self.say(words)

    def answers(self):
        """What is said to the message: one reply, or with LMTP one for each recipient."""
        if self.name.startswith("lmtp"):
            rows = [([a], self.peer.row(self.mail, a, ("EOD",))) for a in self.accepted]
        else:
            rows = [(self.accepted, self.first_row("EOD"))]
        return [(row, self.decide("end of DATA", some, row)) for some, row in rows]

    def read_message(self):
        """The message, bounded, to self.message; queue ids and message id out of its head."""
        lines, size = [], 0
        while (line := self.rfile.readline(65536)) != b".\r\n":
            if not line:
                raise Gone
            size += len(line)
            if size < 1 << 20:
                lines.append(line[1:] if line.startswith(b"..") else line)
        self.message = b"".join(lines)
        head = self.message.partition(b"\r\n\r\n")[0] + b"\r\n"
        for received in re.findall(rb"(?ms)^Received:.*?(?=^\S|\Z)", head):
            if qid := re.search(rb"\bid (\w+)", received[9:]):
                self.qids.append(qid[1].decode())
        found = re.search(rb"(?mi)^Message-ID:[ \t\r\n]*(.*?)\r$", head)
        self.message_id = found and found[1].decode("utf-8", "replace")
        with self.peer.lock:
            self.peer.queue_ids += self.qids[:1]
