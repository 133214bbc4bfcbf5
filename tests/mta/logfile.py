"""The few lines of a log that are not under test, where the peer's account cannot know: which
queue id sendmail(1)'s message got ("message-id="), how often the queue manager tried what no peer
saw ("(queue active)"), and the queue id of a bounce whose DATA no peer saw ("notification:").
"""

import collections
import re

# the instance may have services that log under names of their own
LINE = r"\S+ +\d+ \S+ \S+ %s(?:/\w+)*/(\w+)\[\d+\]: (\w+): (.*)"


class Log:
    def __init__(self, path, syslog_name):
        self.marked = {}
        self.tries = collections.Counter()
        self.notices = collections.defaultdict(list)
        line_of = re.compile(LINE % re.escape(syslog_name))
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                if found := line_of.match(line):
                    self.take(*found.groups())

    def take(self, daemon, qid, text):
        if daemon == "cleanup" and text.startswith("message-id=<"):
            # a copy has the same one, later
            self.marked.setdefault(text[11:], qid)
        elif daemon == "qmgr" and text.endswith(" (queue active)"):
            self.tries[qid] += 1
        elif daemon == "bounce" and " non-delivery notification: " in text:
            self.notices[qid].append(text.rpartition(" ")[2])
