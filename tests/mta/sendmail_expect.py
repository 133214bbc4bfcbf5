#!/usr/bin/python3
"""What bouncefeed has to say about a run of sendmail: DIR/expected.jsonl.

    sendmail_expect.py DIR

From the peer's account, sendmail.tsv, the table of deliveries without a peer, and what was
submitted. It never looks at a line with stat= in it, for these are what is tested. Of the log it
reads two others: `from=..., msgid=` for the queue ids of what was submitted, and
`QID: NEWQID: DSN: ...` for those of the bounces.

One line for each event, see sendmail_compare.py: every try that failed for now (deferral), and
one final outcome for each message and recipient. Lists are what may stand there; null in
them: the key may be missing.
"""

import collections
import json
import os
import re
import sys

import sendmail_cases as cases
import sendmail_table as sm

TYPES = {"sent": "delivery", "deferred": "deferral", "bounced": "bounce"}
POSTMASTER = ["postmaster", "postmaster@mx1.example"]
SHOWN = 200  # of a reply; of a longer one sendmail shows both ends


def read_jsonl(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Log:
    """The few lines of the log that are not under test."""

    def __init__(self, path):
        # sender and Message-ID, or sender alone: queue ids, first hop first
        self.ids = collections.defaultdict(list)
        self.notices = collections.defaultdict(list)  # queue id: [(queue id of it, what)]
        self.clones = collections.defaultdict(list)
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                found = re.match(r"\S+ \S+ \S+: (\w+): (.*)", line)
                if not found:
                    continue
                qid, text = found.groups()
                arrival = re.match(r"from=<?(.*?)>?, size=.*, msgid=<([^>]*)>", text)
                notice = re.match(r"(\w{14}): ([\w ]+): ", text)
                if arrival:
                    self.ids[arrival.groups()].append(qid)
                    self.ids[arrival[1]].append(qid)
                elif notice and notice[2] == "clone":  # for the members of a list with an owner
                    self.clones[qid].append(notice[1])
                elif notice:
                    self.notices[qid].append((notice[1], notice[2]))


def qualified(sender):
    return sender if "@" in sender or sender == "<>" else sender + "@mx1.example"


def logged(reply):
    """The first line of a reply as sendmail writes it, and whether that is all of it."""
    data = sm.wire(reply)[0].split(b"\r\n", 1)[0]
    named = {9: r"\t", 13: r"\r", 10: r"\n", 92: r"\\"}
    whole = len(data) < SHOWN
    text = "".join(named.get(b, chr(b) if 32 <= b < 127 else f"\\{b:03o}")
                   for b in (data if whole else data[:90]))
    return text, whole


class Expectation:
    def __init__(self, directory):
        self.rows = sm.load()
        self.zone = sm.Zone(self.rows)
        self.log = Log(os.path.join(directory, "log-iso"))
        self.submitted = read_jsonl(os.path.join(directory, "submitted.jsonl"))
        self.transcript = read_jsonl(os.path.join(directory, "peer.jsonl"))
        # (queue id of the first hop, final recipient) -> what happened, in order
        self.outcomes = collections.defaultdict(list)
        self.used = set()
        for case in self.submitted:
            sender = "" if case["sender"] == "<>" else case["sender"]
            # the sender's name tells it, as only those of messages without one are alike
            case["ids"] = self.log.ids[sender or (sender, case["message_id"])]
            case["qid"] = case["qid"] or case["ids"][0]
        self.by_sender = {c["sender"]: c for c in self.submitted if c["sender"] != "<>"}
        self.null = {r: c for c in self.submitted if c["sender"] == "<>" for r in c["rcpts"]}
        self.by_sender.update({qualified(s): case for s, case in self.by_sender.items()})
        for owner, name in cases.OWNER.items():
            self.by_sender[owner] = next(c for c in self.submitted if name in c["rcpts"])

    def add(self, qid, case, rcpt, word, **more):
        event = {"queue_id": qid, "type": TYPES[word], "recipient": [rcpt], **more}
        if rcpt in cases.ALIASED:
            event["recipient"].append(cases.ALIASED[rcpt] + "@local.test")
        if rcpt in cases.LOCAL:
            name = sm.split_address(rcpt)[0].partition("+")[0]
            # a program or file, as the alias has it
            found = re.search(r'"\|.*"|{.*', cases.ALIASES.get(name, ""))
            event["final_recipient"] = [found and found[0].format(dir="/srv")]
        if case:
            event["sender"] = [case["sender"], qualified(case["sender"])]
            event["sender"] += [o for o, name in cases.OWNER.items() if name in case["rcpts"]]
            if case["message_id"]:
                event["message_id"] = case["message_id"]
        else:
            event["sender"] = ["<>", None]
        self.outcomes[qid, rcpt].append(event)

    def add_reply(self, qid, case, rcpt, reply, key, listener=None):
        row = self.rows.get(key)
        word = ("sent" if not row or reply.startswith("250") else
                "deferred" if reply in sm.SILENCE or sm.temporary(row) else "bounced")
        more = {"status": ["2.0.0"]}
        if word != "sent" and reply in sm.SILENCE:
            # what code sendmail finds for it is its own affair; the server gave none
            more = {"status": None, "smtp_code": None}
        elif word != "sent":
            more = {"smtp_code": int(sm.wire(reply)[0][:3]), "status": [row.status]}
            if row.status == "-":
                more["status"] = [f"{reply[0]}.0.0", None]
            text, whole = logged(reply)
            more["diagnostic" if whole else "diagnostic_starts"] = text
        if listener:
            # sent over a connection that was open already, sendmail leaves it out at times
            more["remote_ip"] = [self.zone.listeners[listener], None]
            # of a long name sendmail shows both ends
            if sm.split_address(rcpt)[1] not in ("long-host.test", f"[{sm.NET}.1]"):
                more["remote_mta"] = f"mx.{listener}.test"
        self.add(qid, case, rcpt, word, **more)

    def notice_ids(self, rcpt):
        """Queue ids of the bounces to the sender of a case."""
        ids = self.by_sender[rcpt]["ids"]
        ids = ids + [clone for qid in ids for clone in self.log.clones[qid]]
        return [notice for qid in ids for notice, _ in self.log.notices[qid]]

    def from_transcript(self, line):
        if line["mail"] is None:  # it got no further than the greeting
            self.add_connection(line["listener"])
            return
        # SMTP has no second name for what sendmail gave as sender to the copies of a list
        sender, qid = line["mail"], line["ids"][-1] if line["ids"] else None
        case = self.by_sender.get(sender)
        for rcpt, _, reply, row in line["outcomes"]:
            self.used.add(row)
            if sender:
                rcpts = [rcpt] if rcpt else case["rcpts"]
            elif rcpt in self.null:
                case, rcpts = self.null[rcpt], [rcpt]
            else:
                self.add_notice(qid, rcpt, reply, row, line["listener"])
                continue
            for one in rcpts:
                self.add_reply(case["qid"], case, one, reply, row, line["listener"])

    def add_notice(self, qid, rcpt, *more):
        """A bounce on its way to the sender of what bounced."""
        ids = self.notice_ids(rcpt)
        if qid:
            assert qid in ids, (qid, rcpt)
            self.add_reply(qid, None, rcpt, *more)
        elif len(ids) == 1:
            self.add_reply(ids[0], None, rcpt, *more)
        else:  # which of them, nobody knows: all alike, some tries each
            for one in ids:
                if not self.outcomes[one, rcpt]:
                    self.add_reply(one, None, rcpt, *more)
                    self.outcomes[one, rcpt][-1]["some"] = True

    def add_connection(self, listener):
        row = self.rows[listener]
        self.used.add(row.local)
        address = f"{listener}@{listener}.test"
        found = [c for c in self.submitted if address in c["rcpts"]]
        if found:
            self.add_reply(found[0]["qid"], found[0], address, row.reply, row.local, listener)
        else:  # the first of two exchangers: a line for it is neither asked for nor wrong
            address = "anna@multi-soft.test"
            (case,) = [c for c in self.submitted if address in c["rcpts"]]
            self.add_reply(case["qid"], case, address, row.reply, row.local)
            self.outcomes[case["qid"], address][-1]["optional"] = True

    def from_tables(self, case):
        for rcpt in case["rcpts"]:
            if rcpt in cases.LOCAL and rcpt not in case["refused"]:
                word, status, text = cases.LOCAL[rcpt]
                some = {"some": True} if word == "deferred" else {}
                self.add(case["qid"], case, rcpt, word, status=status.split(),
                         diagnostic_contains=text, **some)

    def unheard(self):
        """Tries that no peer knows of, as many as there were."""
        for case in self.submitted:
            for rcpt in case["rcpts"]:
                if rcpt in cases.UNHEARD or case["how"] == "early":
                    self.add_reply(case["qid"], case, rcpt, "DROP", "closes")
                    self.outcomes[case["qid"], rcpt][-1].update(some=True, optional=True)

    def to_postmaster(self):
        for notices in self.log.notices.values():
            for qid, what in notices:
                if what in ("return to sender", "postmaster notify"):
                    self.outcomes[qid, "postmaster"].append(
                        {"queue_id": qid, "type": "delivery", "recipient": POSTMASTER,
                         "final_recipient": ["/srv/mail/postmaster"], "sender": ["<>", None],
                         "status": ["2.0.0"]})

    def check(self):
        """The rig itself: every row was met, every recipient is known about."""
        faults = [f"sendmail.tsv: {local} was never answered" for local in
                  self.rows.keys() - self.used]
        for case in self.submitted:
            known = {name for (qid, _), events in self.outcomes.items() if qid == case["qid"]
                     for event in events for name in event["recipient"]}
            faults += [f"case {case['n']}: nothing is known about {rcpt}"
                       for rcpt in case["rcpts"] if rcpt not in known | set(case["refused"])]
        for local, row in self.rows.items():
            ends = {events[-1]["type"] for (_, rcpt), events in self.outcomes.items()
                    if sm.lookup({local: row}, rcpt, row.stage)}
            want = {"sent": "delivery"}.get(row.final, "bounce")
            if row.stage != "MAIL" and ends - {want}:
                faults.append(f"sendmail.tsv: {local} should be {row.final}, was {ends}")
        if faults:
            sys.exit("\n".join(["sendmail_expect:", *faults]))

    def events(self):
        for case in self.submitted:
            self.from_tables(case)
        self.unheard()
        for line in self.transcript:
            self.from_transcript(line)
        self.to_postmaster()
        for events in self.outcomes.values():
            if not any("some" in e or "optional" in e for e in events):
                for n, event in enumerate(events):
                    event["attempts"] = n + 1
            last = events[-1]
            if last["type"] == "deferral":  # the queue is empty, so it was given up
                last = {**last, "type": "bounce", "expired": True}
                last.pop("some", None)
                events.append(last)
        self.check()
        return [event for events in self.outcomes.values() for event in events]


def main():
    directory = sys.argv[1]
    with open(os.path.join(directory, "expected.jsonl"), "w", encoding="utf-8") as file:
        for event in Expectation(directory).events():
            file.write(json.dumps(event, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
