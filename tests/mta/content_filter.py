"""Content filters as mail servers have them: take a message, look at it, hand it back.

filter      says what Postfix said to it, as simple proxies do
amavis      says so in amavis' words, and passes on the queue id (XFORWARD IDENT)
lmtpfilter  as amavis, but LMTP: one reply for each recipient

Rows of stage FILTER in replies.tsv are what a filter refuses by itself. In the transcript what
it passed on has the command null: that is no outcome.
"""

import re
import smtplib

import dialogue

# listener: where the message goes back to
FILTERS = {"filter": "smtpd-again", "amavis": "smtpd-clean", "lmtpfilter": "smtpd-clean"}


class Handler(dialogue.Handler):
    ident = None

    def command_other(self, line):
        if not line.upper().startswith("XFORWARD "):
            return super().command_other(line)
        found = re.search(r"(?i) IDENT=(\S+)", line)
        if found:
            self.ident = found[1]
        return self.say("250 2.5.0 Ok XFORWARD")

    def features(self):
        return ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"] + [
            "XFORWARD NAME ADDR PROTO HELO IDENT"] * (self.name != "filter")

    def rcpt_to(self, address):
        self.accepted.append(address)
        self.say("250 2.1.5 Ok")

    def data(self):
        sender = self.mail
        super().data()
        if self.name == "filter":
            self.peer.passed_on(sender, True)

    def hand_back(self):
        """The message to Postfix's other port; what that said."""
        port = self.server.ports[FILTERS[self.name]]
        utf8 = not all(a.isascii() for a in [self.mail, *self.accepted])
        with smtplib.SMTP("127.0.0.1", port, "filter.example", timeout=20) as smtp:
            smtp.command_encoding = "utf-8"
            smtp.ehlo()
            if self.ident:
                smtp.docmd("XFORWARD", "IDENT=" + self.ident)
            smtp.docmd(f"MAIL FROM:<{self.mail}>" + " SMTPUTF8" * utf8)
            for address in self.accepted:
                smtp.docmd(f"RCPT TO:<{address}>")
            code, text = smtp.data(self.message)
        return port, f"{code} {text.decode()}"

    def answers(self):
        row = self.first_row("FILTER")
        if row:
            words = self.decide("end of DATA", self.accepted, row)
        else:
            if self.name == "filter":
                self.peer.passed_on(self.mail, False)
            port, words = self.hand_back()
            if self.name != "filter":
                words = f"{words[:9]} from MTA(smtp:[127.0.0.1]:{port}): {words}"
            self.outcomes += [[a, None, words, None] for a in self.accepted]
        replies = len(self.accepted) if self.name == "lmtpfilter" else 1
        return [(row, words)] * replies
