"""What is submitted to an instance, and what becomes of the addresses that no peer answers for.

Domains: main.test and sender.test lead to the peer, as does every one that is not named in
config.py; local parts that replies.tsv has for CONNECT and EHLO stand in conn.test.
"""

from collections import namedtuple

import addresses
import table

# options: sendmail or smtp (how it is submitted), verp, notify (a success DSN), large (over the
# 2,000 bytes that the listener small takes), login (as a user), filter, amavis, lmtpfilter (it
# goes through that one), force-f, force-e (postsuper, when it was deferred), probe (sendmail -bv)
# headers: what header_checks log, name and value; message_id: as the header has it
Case = namedtuple("Case", "n sender rcpts options headers message_id")
FILTERS = ("filter", "amavis", "lmtpfilter")
MARKER = "rig-%03d@mx1.example"

# alias: what it stands for. The alias is what was sent to.
VIRTUAL = {
    "alias@va.test": ["aliased@main.test"],
    "team@va.test": ["team-one@main.test", "team-two@plain.test"],
    "half@va.test": ["half-ok@main.test", "sendmail-unknown+half@main.test"],
    "late@va.test": ["gmail-full+late@main.test"],
    "both@va.test": ["both-ok@main.test", "outlook-rate+both@main.test"],
    "UPPER.alias@va.test": ["uppered@main.test"],
    '"odd, alias"@va.test': ['"odd, aliased"@main.test'],
}
# a copy with a queue id of its own is made ("forwarded as")
FORWARDED = {
    "fwd@local.test": ["forwarded@main.test"],
    "pair@local.test": ["pair-ok@main.test", "gmail-unknown+pair@main.test",
                        "gmail-full+pair@main.test", "postgrey+pair@main.test"],
    # :include:, and what comes back goes to its owner
    "list@local.test": ["member-ok@main.test", "postfix-unknown+member@main.test"],
    "owner-list@local.test": ["boss@sender.test"],
    # .forward, with a mailbox as well
    "games@local.test": ["forward-file@main.test"],
    "news@local.test": ["exim-unknown+forward@main.test"],
}
# both, one after the other
CHAINED = {"chain@va.test": ("fwdchain@local.test", "chained@main.test"),
           "chain-no@va.test": ("fwdchain-no@local.test", "exim-unknown+chain@main.test")}
for _filter in FILTERS:
    VIRTUAL[f"{_filter}-alias@va.test"] = [f"{_filter}-aliased@main.test",
                                           f"gmail-unknown+{_filter}-aliased@main.test"]
    FORWARDED[f"{_filter}-fwd@local.test"] = [f"{_filter}-forwarded@main.test",
                                              f"gmail-full+{_filter}-forwarded@main.test"]
KEPT = {"games@local.test"}  # delivered as well

# Deliveries without a peer: final status word, code, and what Postfix says itself
LOCAL = {
    "daemon@local.test": ("sent", "2.0.0", "delivered to mailbox"),
    "tofile@local.test": ("sent", "2.0.0", "delivered to file"),
    "nosuch@local.test": ("bounced", "5.1.1", 'unknown user: "nosuch"'),
    "cmd0@local.test": ("sent", "2.0.0", "delivered to command"),
    "cmd67@local.test": ("bounced", "5.1.1", "user unknown. Command output: exit-67"),
    "cmd75@local.test": ("deferred", "4.3.0", "temporary failure. Command output: exit-75"),
    "box@virt.test": ("sent", "2.0.0", "delivered to mailbox"),
    "maildir@virt.test": ("sent", "2.0.0", "delivered to maildir"),
    "nosuch@virt.test": ("bounced", "5.1.1", 'unknown user: "nosuch@virt.test"'),
    "nosuch@va.test": ("bounced", "5.1.1", "User unknown in virtual alias table"),
    "exit-0@pipe.test": ("sent", "2.0.0", "delivered via exits service"),
    "exit-67@pipe.test": ("bounced", "5.1.1", "user unknown. Command output: exit-67"),
    "exit-69@pipe.test": ("bounced", "5.3.0", "service unavailable. Command output: exit-69"),
    "exit-75@pipe.test": ("deferred", "4.3.0", "temporary failure. Command output: exit-75"),
    "exit-3@pipe.test": ("bounced", "5.3.0", "Command died with status 3:"),
    "a@gone.test": ("bounced", "5.1.2", "Bad destination: no such domain"),
    "a@fake.test": ("bounced", "5.4.4", "odd), dsn=2.0.0, status=sent (250 fake"),
    "a@later.test": ("deferred", "4.3.5", "this transport sleeps"),
    "a@refused.test": ("deferred", "4.4.1", "Connection refused"),
    "b@refused.test": ("deferred", "4.4.1", "Connection refused"),
    "c@refused.test": ("deferred", "4.4.1", "Connection refused"),
    "a@discard.test": ("sent", "2.0.0", "thrown away"),
    "b@discard.test": ("sent", "2.0.0", "thrown away"),
    "large@small.test": ("bounced", "5.3.4", "exceeds size limit 2000 of server"),
}

# Refused at submission: no event may name them. And what `sendmail -bv` only asks about.
REFUSED = [("refused@sender.test", "no@reject.test"), ("", "nobody@reject.test"),
           ('"to=<victim@main.test>"@sender.test', '"x>, relay=none"@reject.test')]
REJECTION = "to=<victim@main.test>, relay=none, delay=1, dsn=5.1.1, status=bounced (no"
PROBE = "probe@sender.test"

# Lines that have two readings, for a reply of a stranger holds the end of another line: they may
# be bad records, and the deferrals in them unknown when the message expires. By row; addresses
# of addresses.py with a whole tail, too, where they are logged without quotes.
TWO_READINGS = {"fake-to", "fake-whole", "fake-whole-soft", "fake-orig", "fake-old"}
# ... one that holds a blank, before an orig_to: that could be a part of it; and a quotation mark
# alone: a line of the other form that was cut begins so
TWO_READINGS_PLAIN = {'"odd, aliased"@main.test', '"\\""@main.test'}

FORGED = "from localhost[127.0.0.1]; from=<x@main.test> to=<y@main.test>"
HEADERS = [
    {}, {"X-Campaign-ID": "c{n}"}, {"X-Bounce-ID": "b-{n}"},
    {"X-Campaign-ID": "c{n}", "X-Bounce-ID": "b=1;c={n}, to=<victim@main.test>"},
    {"X-Job": "{n}: with: colons, and ümlauts"}, {"X-Campaign-ID": "c{n} " + FORGED},
    {"X-Bounce-ID": "b{n} " + FORGED + " proto=ESMTP helo=<app.example>: bounceid"},
    {"X-CAMPAIGN-id": "case"}, {"X-Job": "status=sent (250 ok)"}, {"X-Job": "tab\there"},
]
MESSAGE_IDS = ["no-brackets-{n}@mx1.example", "<with blank {n}@mx1.example>",
               "<a@b> (comment {n})", "<>", None, "<to=victim@main.test, dsn=5.1.1, {n}@mx1.example>"]

# Several recipients, senders of all sorts. {n} is the case's number: senders have to differ,
# for by them the peer's account is matched with what was submitted.
TOGETHER = [
    ("bulk+{n}", ["a@refused.test", "b@refused.test", "c@refused.test"]),
    ("bulk+{n}", ["several-1@main.test", "several-2@main.test", "several-3@plain.test"]),
    ("bulk+{n}", ["mixed-ok@main.test", "gmail-unknown@main.test", "postgrey@main.test"]),
    ("bulk+{n}", ["first-sent@main.test", "outlook-rate@main.test", "gmail-full@main.test"]),
    ("bulk+{n}", ["outlook-rate@plain.test", "gmail-full@plain.test"]),
    ("bulk+{n}", ["gmail-dmarc@main.test", "with-dmarc@main.test"]),
    ("bulk+{n}", ["list-ok@lmtp.test", "dovecot-unknown@lmtp.test", "dovecot-full@lmtp.test",
                  "dovecot-full-soft@lmtp.test"]),
    ("bulk+{n}", ["daemon@local.test", "nosuch@local.test", "exit-67@pipe.test",
                  "spamhaus@main.test", "a@gone.test", "exit-75@pipe.test"]),
    ("bounce-12-anna=example.com", ["verp-ok@main.test"]),
    ("bounce-12-bert=example.com", ["exim-unknown@main.test"]),
    ("gone+{n}", ["sendmail-unknown@main.test"]),
    ("gone+{n}", ["first-sent@main.test", "gmail-full@main.test"]),
    ("gone-later+{n}", ["icloud-unknown@main.test"]),
    ("", ["null-ok@main.test"]),
    ("", ["moved@main.test"]),
    ("", ["gmail-full@lmtp.test"]),
    ("bulk+{n}", ["next-rcpt@two.test", "next-busy@two.test", "direct@two.test",
                  "gmail-unknown@two.test", "gmail-full@two.test"]),
    ("bulk+{n}", ["stored@store.test", "gmail-unknown+stored@store.test", "postgrey@store.test"]),
    ("bulk+{n}", ["fake-unheard@store.test"]),
    ("bulk+{n}", [("many-%02d", "gmail-unknown+many-%02d")[i % 9 == 8] % i + "@main.test"
                  for i in range(60)]),
]


def domain_of(row, n):
    if row.stage in ("CONNECT", "EHLO"):
        return "conn.test"
    if row.stage == "FIRST":
        return "two.test"
    if row.reply == "TIMEOUT":
        return "hasty.test"
    if row.local.startswith("dovecot"):
        return ("lmtp.test", "lmtpunix.test")[n % 2]
    # every fifth one meets a peer without PIPELINING and the like; UTF-8 needs SMTPUTF8
    return "plain.test" if n % 5 == 0 and row.local.isascii() else "main.test"


class Cases(list):
    def add(self, sender, rcpts, *options, headers=None, message_id=None):
        n = len(self) + 1
        sender = sender.format(n=n)
        sender = sender and sender + "@sender.test"
        # sendmail(1) reads its arguments as header addresses; quoted ones go through SMTP
        if any('"' in a or "[" in a or not a.isascii() for a in [sender, *rcpts]):
            options += ("smtp",)
        headers = HEADERS[n % len(HEADERS)] if headers is None else headers
        headers = {name: value.format(n=n) for name, value in headers.items()}
        if not {"smtp", "sendmail", "probe", *FILTERS} & set(options):
            # what sendmail(1) takes with UTF-8 in its head, goes only to hosts with SMTPUTF8
            options += (("sendmail", "smtp")[n % 2 or not str(headers).isascii()],)
        if n % 6 == 1 and "smtp" in options:
            options += ("login",)
        message_id = f"<{MARKER % n}>" if message_id is None else message_id.format(n=n)
        self.append(Case(n, sender, rcpts, set(options), headers, message_id))

    def replies(self, rows):
        for row in rows:
            if row.stage == "MAIL":
                self.add(row.local, [f"to-{row.local}@main.test"])
            elif row.stage == "FILTER":
                for name in FILTERS:
                    self.add("bulk+{n}", [f"{row.local}+{name}@main.test"], name)
            elif not row.local.startswith("gone"):
                self.add("bulk+{n}", [row.local + "@" + domain_of(row, len(self))])

    def odd(self):
        """Four odd addresses a message, and every odd sender."""
        odd = [local + "@main.test" for local in addresses.ODD]
        for group in (odd[i:i + 4] for i in range(0, len(odd), 4)):
            self.add("bulk+{n}", group)
        for address in [local + "@main.test" for local in addresses.ODD_REFUSED] + \
                addresses.DOMAINS:
            self.add("bulk+{n}", [address])
        for i, sender in enumerate(addresses.SENDERS):
            self.add(sender, [("gmail-unknown", "gmail-full")[i % 2] + f"+odd-{i}@main.test"])

    def hops(self):
        for name in FILTERS:
            self.add("bulk+{n}", [f"{name}-ok@main.test", f"gmail-unknown+{name}@main.test",
                                  f"postgrey+{name}@main.test", f"gmail-full+{name}@main.test"],
                     name, "login", headers=HEADERS[3])
            for row in ("gmail-block", "milter-greylist", "drop-eod", "fake-other-id"):
                self.add("bulk+{n}", [f"{row}+{name}@main.test"], name)
            self.add("bulk+{n}", [f"{name}-alias@va.test"], name)
            self.add('"odd, {n}"', [f'"{name} odd, x"@main.test', f"{name}-ü@main.test"], name)
            if name != "filter":
                # without XFORWARD the log tells the hop last, and the peer waits for that: it knows
                # the message by its sender, and local(8) does not wait
                self.add("", [f"{name}-null@main.test"], name)
                self.add("bulk+{n}", [f"{name}-fwd@local.test"], name, headers=HEADERS[1])
        for alias in [*VIRTUAL, *FORWARDED, *CHAINED]:
            if not alias.startswith(FILTERS):
                self.add("bulk+{n}", [alias])

    def rest(self, soft):
        for sender, rcpts in TOGETHER:
            # of two notices that a dead return path refuses at RCPT, none could be told
            if not (soft and sender.startswith("gone")):
                self.add(sender, rcpts)
        for address in LOCAL:
            if not address.endswith("refused.test"):  # these three go together
                self.add("bulk+{n}", [address], *(["large"] if "small" in address else []))
        for i, message_id in enumerate(MESSAGE_IDS):
            self.add("bulk+{n}", [f"message-id-{i}@main.test"], "smtp",
                     message_id="" if message_id is None else message_id)
        for i, headers in enumerate(HEADERS):
            for way in ("smtp", "sendmail"):
                self.add("bulk+{n}", [f"headers-{i}-{way}@main.test"], way, headers=headers)
        self.add("owner-verp", ["verp-one@main.test", "gmail-inactive@main.test"], "sendmail",
                 "verp")
        self.add("bulk+{n}", ["success@main.test"], "smtp", "notify")
        for address in ("probed@main.test", "gmail-unknown+probed@main.test",
                        "gmail-full+probed@main.test", "daemon@local.test"):
            self.add("", [address], "probe")
        # the last ones: they wait for the first deferral
        for how in ("f", "e"):
            self.add("bulk+{n}", [f"force-{how}-ok@main.test", f"gmail-full+force-{how}@main.test",
                                  f"outlook-rate+force-{how}@main.test"], "smtp", "force-" + how)


def cases(soft):
    """All that is submitted; soft: to the instance that makes no bounce at once."""
    made = Cases()
    rows = list(table.load().values())
    if soft:
        rows = [r for r in rows if r.final == "bounced" and r.stage != "EHLO"][::2] + \
            [r for r in rows if r.stage == "FILTER"]
    made.replies(rows)
    if not soft:
        made.odd()
    made.hops()
    made.rest(soft)
    return made
