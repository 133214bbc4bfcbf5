#!/usr/bin/python3
"""What bouncefeed has to say about a run: DIR/expected.jsonl.

    expect.py DIR

From the peer's account (peer.jsonl), replies.tsv, the table of local deliveries in cases.py and
what was submitted. It never looks at a line with status= in it, for these are what is tested.
Of the log it reads three others: "message-id=" for the queue id of what sendmail(1) took,
"(queue active)" for the number of tries that no peer saw, and "sender ... notification:" for
the queue id of a bounce whose DATA no peer saw.

One line for each event: every try that failed for now (deferral), and one final outcome for
each queue id and recipient (delivery, bounce, with "expired" where Postfix gave up).
"diagnostic" has to be equal, "diagnostic_contains" to be in it. "optional" may be there.
"""

import collections
import json
import os
import re
import sys

import cases
import table

TYPES = {"2": ("delivery", "delivered"), "4": ("deferral", "delayed"), "5": ("bounce", "failed")}
WORDS = {"sent": "2", "deferred": "4", "bounced": "5"}
SILENCE = {"DROP": "lost connection with ", "TIMEOUT": " timed out while "}


def read_jsonl(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Log:
    """The few lines of the log that are not under test."""

    def __init__(self, path):
        self.marked = {}
        self.tries = collections.Counter()
        self.notices = collections.defaultdict(list)
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                found = re.match(r"\S+ +\d+ \S+ \S+ postfix/(\w+)\[\d+\]: (\w+): (.*)", line)
                if not found:
                    continue
                daemon, qid, text = found.groups()
                if daemon == "cleanup" and text.startswith("message-id=<"):
                    # a forwarded copy has the same one, later
                    self.marked.setdefault(text[12:].rstrip(">"), qid)
                elif daemon == "qmgr" and text.endswith(" (queue active)"):
                    self.tries[qid] += 1
                elif daemon == "bounce" and " notification: " in text:
                    self.notices[qid].append(text.rpartition(" ")[2])


class Expectation:
    def __init__(self, directory):
        self.rows = table.load()
        self.log = Log(os.path.join(directory, "maillog"))
        self.submitted = read_jsonl(os.path.join(directory, "submitted.jsonl"))
        self.transcript = read_jsonl(os.path.join(directory, "peer.jsonl"))
        self.originals = cases.originals()
        # (queue id, recipient as it was delivered to) -> what happened, in order
        self.outcomes = collections.defaultdict(list)
        self.used = set()
        for case in self.submitted:
            case["qid"] = case["qid"] or self.log.marked[case["marker"]]
        self.by_sender = {c["sender"]: c for c in self.submitted if c["sender"] != "<>"}
        self.null = {r: c for c in self.submitted if c["sender"] == "<>" for r in c["rcpts"]}
        self.verp = next(c for c in self.submitted if c["verp"])

    def case_of(self, sender):
        # XVERP puts the recipient into the sender on the wire; the log has the plain one
        if sender not in self.by_sender and sender.startswith("owner-list+"):
            return self.verp
        return self.by_sender[sender]

    def add(self, qid, rcpt, sender, code, **more):
        event_type, action = TYPES[code[0]]
        event = {"queue_id": qid, "recipient": self.originals.get(rcpt, rcpt), "type": event_type,
                 "status": code, "sender": sender, "action": action, **more}
        self.outcomes[qid, rcpt].append(event)

    def add_reply(self, qid, rcpt, sender, command, reply, row):
        code = self.rows[row].code if row else "2.0.0"
        if reply in SILENCE:
            self.add(qid, rcpt, sender, code, diagnostic_contains=SILENCE[reply])
            return
        text = table.logged(reply)
        more = {"smtp_code": int(text[:3])}
        if len(text.encode()) > table.LOGGED:  # cut, and with it what command was answered
            more["diagnostic_contains"] = text[:table.LOGGED // 2]
        else:
            more["diagnostic"] = text
            if command and code[0] != "2":  # of an acceptance Postfix logs the reply alone
                more["command"] = command
        self.add(qid, rcpt, sender, code, **more)

    def from_transcript(self, line):
        if line["mail"] is None:  # it got no further than the greeting
            self.add_connection(line["listener"])
            return
        sender, qid = line["mail"] or "<>", line["qid"]
        for rcpt, command, reply, row in line["outcomes"]:
            self.used.add(row)
            if sender != "<>":
                case = self.case_of(sender)
                rcpts = [rcpt] if rcpt else case["rcpts"]
            elif rcpt in self.null:
                case, rcpts = self.null[rcpt], [rcpt]
            else:  # a bounce, to the sender of what bounced
                case, rcpts = None, [rcpt]
                if not qid:
                    (qid,) = self.log.notices[self.case_of(rcpt)["qid"]]
            for one in rcpts:
                self.add_reply(qid or case["qid"], one, case["sender"] if case else "<>",
                               command, reply, row)

    def add_connection(self, listener):
        address = listener + "@conn.test"
        row = self.rows.get(listener)
        if row:
            (case,) = [c for c in self.submitted if address in c["rcpts"]]
            self.used.add(row.local)
            self.add_reply(case["qid"], address, case["sender"], None, row.reply, row.local)

    def from_tables(self, case):
        for rcpt in case["rcpts"]:
            if rcpt in cases.FORWARDED:
                # not the end of it: an event for this step is neither asked for nor wrong
                self.add(case["qid"], rcpt, case["sender"], "2.0.0", optional=True,
                         diagnostic_contains="forwarded as ")
            elif rcpt in cases.LOCAL:
                word, code, text = cases.LOCAL[rcpt]
                assert TYPES[WORDS[word]] == TYPES[code[0]], rcpt
                for _ in range(self.log.tries[case["qid"]] if word == "deferred" else 1):
                    self.add(case["qid"], rcpt, case["sender"], code, diagnostic_contains=text)

    def check(self):
        """The rig itself: every row was met, every recipient is known about."""
        faults = [f"replies.tsv: {local} was never answered" for local in
                  self.rows.keys() - self.used]
        for case in self.submitted:
            for rcpt in (f for r in case["rcpts"] for f in cases.VIRTUAL.get(r, [r])):
                if (case["qid"], rcpt) not in self.outcomes:
                    faults.append(f"case {case['n']}: nothing is known about {rcpt}")
        for local, row in self.rows.items():
            ends = {events[-1]["type"] for (_, rcpt), events in self.outcomes.items()
                    if table.lookup({local: row}, rcpt, (row.stage,))}
            want = {"sent": "delivery"}.get(row.final, "bounce")
            if row.stage != "MAIL" and ends - {want}:
                faults.append(f"replies.tsv: {local} should be {row.final}, was {ends}")
        if faults:
            sys.exit("\n".join(["expect:", *faults]))

    def events(self):
        for case in self.submitted:
            self.from_tables(case)
        for line in self.transcript:
            self.from_transcript(line)
        for events in self.outcomes.values():
            last = events[-1]
            if last["type"] == "deferral":  # the queue is empty, so it was given up
                events.append({**last, "type": "bounce", "action": "failed", "expired": True})
        self.check()
        return [event for events in self.outcomes.values() for event in events]


def main():
    directory = sys.argv[1]
    with open(os.path.join(directory, "expected.jsonl"), "w", encoding="utf-8") as file:
        for event in Expectation(directory).events():
            file.write(json.dumps(event, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
