"""sendmail.tsv, and where the names of the rig lead to.

Columns: local part, stage, reply, final status word, status code of the reply (or "-").
Stages and escapes are those of table.py. In the namespace of this rig port 25 and DNS are
ours, so every domain has an MX and an address as on the Internet.
"""

import os
from collections import namedtuple

from table import wire

HERE = os.path.dirname(os.path.abspath(__file__))
MTA, DNS = "127.0.0.1", "127.0.0.53"
NET = "192.0.2"  # not loopback: that is where content filters are
LONG_HOST = "a-mail-exchanger-with-a-very-long-name.in-a-sub-domain.of.long-host.test"

SILENCE = ("DROP", "TIMEOUT")

Row = namedtuple("Row", "local stage reply final status")


def load():
    rows = {}
    with open(os.path.join(HERE, "sendmail.tsv"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("# "):
                row = Row(*line.rstrip("\n").split("\t"))
                assert row.local not in rows, row.local
                rows[row.local] = row
    return rows


def split_address(address):
    """Local part and domain; an @ may stand in a quoted local part."""
    local, _, domain = address.rpartition("@")
    return local, domain


def lookup(rows, address, stage):
    """The row of an address: of its local part, or of what stands before a +tag, of the domain."""
    local, domain = split_address(address)
    for key in (local, local.partition("+")[0], "@" + domain.lower()):
        if key in rows and rows[key].stage == stage:
            return rows[key]
    return None


def own_host(row):
    """Whether the row's answer comes from a host of the row's name."""
    return row.stage in ("CONNECT", "EHLO") or row.reply in SILENCE


def temporary(row):
    return row.reply in SILENCE or wire(row.reply)[0].startswith(b"4")


class Zone:
    """Names to addresses. The listeners are what the peer has to listen on."""

    def __init__(self, rows):
        self.listeners = {"main": f"{NET}.1", "plain": f"{NET}.2", "second": f"{NET}.3",
                          "nobody": f"{NET}.4", "closing": f"{NET}.5"}
        for n, row in enumerate(row for row in rows.values() if own_host(row)):
            self.listeners[row.local] = f"{NET}.{n + 20}"
        self.hosts = {f"mx.{name}.test": ip for name, ip in self.listeners.items()}
        self.mx = {f"{name}.test": [f"mx.{name}.test"] for name in self.listeners}
        # nobody listens there
        self.hosts["mx.refused.test"] = f"{NET}.250"
        self.mx["refused.test"] = ["mx.refused.test"]
        # the second one of two takes it, where the first refuses, and where it says "later"
        self.mx["multi.test"] = ["mx.refused.test", "mx.second.test"]
        self.mx["multi-soft.test"] = ["mx.first-421.test", "mx.second.test"]
        self.hosts[LONG_HOST] = self.listeners["main"]
        self.mx["long-host.test"] = [LONG_HOST]
        self.mx["null-mx.test"] = ["."]
        # no MX, and no address
        self.mx["no-data.test"] = []
        self.fails = {"dns-fails.test"}  # SERVFAIL; what is not here at all is NXDOMAIN
        self.mx["in-a-sub-domain.of.sender.test"] = ["mx.main.test"]
        self.mx["sender.test"] = ["mx.main.test"]
        self.mx["verp.test"] = ["mx.main.test"]

    def records(self, name, kind):
        """[data] for A and MX, None for no such name, "fails" for trouble."""
        name = name.lower()
        if name in self.fails:
            return "fails"
        if name not in self.hosts and name not in self.mx:
            return None
        if kind == "A":
            return [self.hosts[name]] if name in self.hosts else []
        return self.mx.get(name, []) if kind == "MX" else []
