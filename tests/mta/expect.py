#!/usr/bin/python3
"""What bouncefeed has to say about an instance's run: DIR/expected.jsonl.

    expect.py DIR LOG

From the peer's account (peer.jsonl), replies.tsv, the tables of cases.py and what was submitted.
It never looks at a line with status= in it, for these are what is tested; at which others of LOG
(RFC 3164) it does, says logfile.py.

One line for each event: every try that failed for now (deferral), and one final outcome for
each queue id and recipient (delivery, bounce, with "expired" where Postfix gave up). Aliases,
forwards and content filters are no outcome: what becomes of a message in the end is told of the
message that was submitted and the address that it was sent to. "diagnostic" has to be equal,
"diagnostic_contains" to be in it; keys that are not there are not asked for. "two_readings": it
may be a bad record.
"""

import collections
import datetime
import json
import sys

import addresses
import cases
import config
import logfile
import table

TYPES = {"2": ("delivery", "delivered"), "4": ("deferral", "delayed"), "5": ("bounce", "failed")}
WORDS = {"sent": "2", "deferred": "4", "bounced": "5"}
UNKNOWN = object()
LETTERS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
SILENCE = {"DROP": "lost connection with ", "TIMEOUT": " timed out while "}
# senders in the dialogue that are none of a case
OWNERS = {"owner-list@local.test": "list@local.test"}


def read_jsonl(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def originals():
    """Final address to the one that the message was sent to."""
    found = {final: alias for kind in (cases.VIRTUAL, cases.FORWARDED)
             for alias, finals in kind.items() for final in finals}
    return found | {final: alias for alias, (_, final) in cases.CHAINED.items()}


class Expectation:
    def __init__(self, directory, log):
        self.me = config.Instance(directory)
        self.rows = table.load()
        self.log = logfile.Log(log, self.me.syslog_name)
        self.submitted = [c for c in read_jsonl(self.me.path("submitted.jsonl"))
                          if "probe" not in c["options"]]
        self.transcript = read_jsonl(self.me.path("peer.jsonl"))
        self.originals = originals()
        # (queue id, recipient as it was delivered to) -> what happened, in order
        self.outcomes = collections.defaultdict(list)
        self.used = set()
        for case in self.submitted:
            case["qid"] = case["qid"] or self.log.marked[case["message_id"]]
            case["sender"] = addresses.external(case["sender"]) or "<>"
        self.by_sender = {c["sender"]: c for c in self.submitted if c["sender"] != "<>"}
        self.by_rcpt = {addresses.external(r): c for c in self.submitted for r in c["rcpts"]
                        if c["sender"] == "<>" or r in OWNERS.values()}
        self.verp = next(c for c in self.submitted if "verp" in c["options"])

    def case_of(self, sender):
        # XVERP puts the recipient into the sender on the wire; the log has the plain one
        if sender.startswith("owner-verp+"):
            return self.verp
        if sender in OWNERS:
            return self.by_rcpt[OWNERS[sender]]
        return self.by_sender[sender]

    def logged(self, address):
        return addresses.internal(address) if self.me.internal else address

    def queued(self, qid):
        """A long queue id says when (qmgr: base 52 seconds, base 52 microseconds, z, inode)."""
        if self.me.settings.get("enable_long_queue_ids") != "yes":
            return None
        time = qid[:qid.rindex("z")]
        seconds, micro = (sum(LETTERS.index(c) * 52 ** i for i, c in enumerate(reversed(part)))
                          for part in (time[:-4], time[-4:]))
        time = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
        return time.replace(microsecond=micro, tzinfo=None).isoformat(timespec="microseconds") + "Z"

    def origin(self, case):
        """What an event says of the message, by what was submitted."""
        headers = {name.lower(): table.printable(value.encode()).decode()
                   for name, value in case["headers"].items()}
        said = {"sender": self.logged(case["sender"]), "headers": headers or None,
                "submitter": f"tenant-{case['n']}" if "login" in case["options"] else None}
        if case["message_id"]:  # else Postfix makes one
            said["message_id"] = message_id(case["message_id"])
        return said

    def add(self, qid, rcpt, origin, code, **more):
        if self.me.soft and code[0] == "5":
            code = "4" + code[1:]
        event_type, action = TYPES[code[0]]
        rcpt = addresses.external(rcpt)
        events = self.outcomes[qid, rcpt]
        original = self.originals.get(rcpt, rcpt)
        instance = self.me.syslog_name.partition("postfix-")[2] and self.me.syslog_name
        event = {"queue_id": qid, "queued": self.queued(qid), "recipient": self.logged(original), "type": event_type,
                 "final_recipient": None if original == rcpt else self.logged(rcpt),
                 "status": code, "action": action, "attempts": len(events) + 1,
                 "source.instance": instance or None, "source.host": "mx1",
                 "source.format": "postfix", "smtp_code": None, "command": None, "expired": None,
                 **origin, **more}
        if self.me.internal and (rcpt in cases.TWO_READINGS_PLAIN
                                 or addresses.has_tail(addresses.internal(rcpt))):
            event["two_readings"] = True
        if table.lookup(self.rows, rcpt, ("FILTER",)):
            event["attempts"] = UNKNOWN  # tries before and after a hop are counted apart
        events.append({key: value for key, value in event.items() if value is not UNKNOWN})

    def add_reply(self, qid, rcpt, origin, listener, command, reply, row):
        code = self.rows[row].code if row else "2.0.0"
        lmtp = listener.startswith("lmtp")
        more = {"two_readings": True} if row in cases.TWO_READINGS else {}
        if code[0] == "2":
            more["action"] = "delivered" if lmtp else "relayed"
        if listener != "lmtpunix":
            host = self.me.host(listener)
            more |= {"remote_mta": host, "remote_ip": config.ADDRESSES.get(host, config.PEER),
                     "remote_port": int(self.me.ports[listener])}
        if reply in SILENCE:
            self.add(qid, rcpt, origin, code, diagnostic_contains=SILENCE[reply], **more)
            return
        text = table.logged(reply)
        more["smtp_code"] = int(text[:3])
        known = text.encode("utf-8", "replace").decode().partition("?")[0]
        if len(text.encode("utf-8", "surrogateescape")) > table.LOGGED:
            # cut, and with it what command was answered
            more |= {"diagnostic_contains": text[:table.LOGGED // 6], "command": UNKNOWN}
        elif any("\udc80" <= c <= "\udcff" for c in text):
            more["diagnostic_contains"] = known
        else:
            more["diagnostic"] = text
        if command and code[0] != "2":  # of an acceptance Postfix logs the reply alone
            more.setdefault("command", command)
        self.add(qid, rcpt, origin, code, **more)

    def from_transcript(self, line):
        if line["mail"] is None:  # it got no further than the greeting
            self.add_connection(line["listener"])
            return
        sender = addresses.external(line["mail"]) or "<>"
        for rcpt, command, reply, row in line["outcomes"]:
            self.used.add(row)
            passed_on = line["listener"] in cases.FILTERS and not command
            # the next host is asked, and what that says counts
            asks_next = line["listener"] == "first" and (
                reply.startswith("4") or self.me.soft and reply.startswith("5"))
            if not (passed_on or asks_next or sender == cases.PROBE):
                self.outcome(line, sender, rcpt and addresses.external(rcpt), command, reply, row)

    def outcome(self, line, sender, rcpt, command, reply, row):
        if sender != "<>":
            case = self.case_of(sender)
        elif self.originals.get(rcpt, rcpt) in self.by_rcpt:
            case = self.by_rcpt[self.originals.get(rcpt, rcpt)]
        else:
            case = None  # a bounce, to the sender of what bounced
        # the first hop's Received header is the last one
        qid = line["qids"][-1] if line["qids"] else None
        if case:
            if qid not in (None, case["qid"]):
                sys.exit(f"expect: case {case['n']} is {case['qid']}, the peer saw {line}")
            qid, origin = case["qid"], self.origin(case)
            if not case["message_id"] and line["message_id"]:
                origin["message_id"] = message_id(line["message_id"])
        else:
            if not qid:
                (qid,) = self.log.notices[self.case_of(rcpt)["qid"]]
            origin = {"sender": "<>", "headers": None, "submitter": None}
            if line["message_id"]:
                origin["message_id"] = message_id(line["message_id"])
        for one in [rcpt] if rcpt else case["rcpts"]:
            self.add_reply(qid, one, origin, line["listener"], command, reply, row)

    def add_connection(self, listener):
        address = listener + "@conn.test"
        row = self.rows.get(listener)
        if row:
            (case,) = [c for c in self.submitted if address in c["rcpts"]]
            self.used.add(row.local)
            self.add_reply(case["qid"], address, self.origin(case), listener, None, row.reply,
                           row.local)

    def from_tables(self, case):
        for rcpt in case["rcpts"]:
            if rcpt in cases.KEPT:
                self.add(case["qid"], rcpt, self.origin(case), "2.0.0",
                         diagnostic_contains="delivered to mailbox")
            elif rcpt in cases.LOCAL:
                word, code, text = cases.LOCAL[rcpt]
                assert TYPES[WORDS[word]] == TYPES[code[0]], rcpt
                again = word == "deferred" or self.me.soft and word == "bounced"
                for _ in range(self.log.tries[case["qid"]] if again else 1):
                    self.add(case["qid"], rcpt, self.origin(case), code,
                             diagnostic_contains=text)

    def check(self):
        """The rig itself: every row was met, every recipient is known about."""
        faults = [] if self.me.soft else [
            f"replies.tsv: {local} was never answered" for local in self.rows.keys() - self.used]
        for case in self.submitted:
            told = {event["recipient"] for (qid, _), events in self.outcomes.items()
                    if qid == case["qid"] for event in events}
            faults += [f"case {case['n']}: nothing is known about {rcpt}" for rcpt in case["rcpts"]
                       if self.logged(addresses.external(rcpt)) not in told]
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


def message_id(value):
    """As events have it: without <> and what stands outside of them; None where it is empty."""
    if value.startswith("<"):
        value = value[1:value.rindex(">")]
    return value or None


def main():
    directory, log = sys.argv[1:]
    wanted = Expectation(directory, log)
    with open(wanted.me.path("expected.jsonl"), "w", encoding="utf-8") as file:
        for event in wanted.events():
            file.write(json.dumps(event, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
