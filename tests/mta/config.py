#!/usr/bin/python3
"""What the instances differ in, and the tables of their Postfix.

    config.py DIR    write DIR/etc/instance.cf and the maps, from DIR/ports.tsv

The last part of DIR is the instance's name.
"""

import os
import sys

import cases
import table

PEER = "192.0.2.25"
HOSTS = {"first": "mx1.two.example", "second": "mx2.two.example", "store": "127.0.0.1",
         **{name: "127.0.0.1" for name in cases.FILTERS}}
ADDRESSES = {"127.0.0.1": "127.0.0.1"}  # of hosts that are not at PEER
HOST = "mx.peer.example"  # of all other listeners
SETTINGS = {
    "short": {"syslog_name": "postfix"},
    "long": {"syslog_name": "postfix-bulk", "enable_long_queue_ids": "yes",
             "info_log_address_format": "internal"},
    "soft": {"syslog_name": "postfix-soft", "soft_bounce": "yes", "delay_warning_time": "3s",
             "maillog_file": "{dir}/maillog", "maillog_file_prefixes": "{dir}"},
}


class Instance:
    def __init__(self, directory):
        self.directory = os.path.abspath(directory)
        self.name = os.path.basename(self.directory)
        self.settings = SETTINGS[self.name]
        self.soft = "soft_bounce" in self.settings
        self.internal = "info_log_address_format" in self.settings
        self.syslog_name = self.settings["syslog_name"]
        with open(os.path.join(directory, "ports.tsv"), encoding="utf-8") as file:
            self.ports = dict(line.rstrip("\n").split("\t") for line in file)

    def host(self, listener):
        return HOSTS.get(listener, HOST)

    def path(self, *names):
        return os.path.join(self.directory, *names)


def transports(me):
    hop = {name: f"[{me.host(name)}]:{port}" for name, port in me.ports.items()}
    made = {
        "sender.test": "smtp:" + hop["main"], "main.test": "smtp:" + hop["main"],
        "plain.test": "bulk:" + hop["plain"], "small.test": "smtp:" + hop["small"],
        "hasty.test": "hasty:" + hop["main"], "store.test": "smtp:" + hop["store"],
        "two.test": f"smtp:{hop['first']}, {hop['second']}",
        "lmtp.test": f"lmtp:inet:{me.host('lmtp')}:" + me.ports["lmtp"],
        "lmtpunix.test": "lmtp:unix:" + me.ports["lmtpunix"],
        "refused.test": "refused:" + hop["refused"], "pipe.test": "exits:",
        "gone.test": "error:5.1.2 " + cases.LOCAL["a@gone.test"][2],
        "fake.test": "error:5.4.4 " + cases.LOCAL["a@fake.test"][2],
        "later.test": "retry:4.3.5 " + cases.LOCAL["a@later.test"][2],
        "discard.test": "discard:" + cases.LOCAL["a@discard.test"][2],
    }
    for row in table.load().values():
        if row.stage in ("CONNECT", "EHLO"):
            made[row.local + "@conn.test"] = "smtp:" + hop[row.local]
    return made


def aliases(me):
    command = "|" + me.path("exits")
    made = {
        "cmd0": f'"{command} exit-0"', "cmd67": f'"{command} exit-67"',
        "cmd75": f'"{command} exit-75"', "tofile": me.path("mail", "tofile"),
        "list": ":include:" + me.path("etc", "list"),
    }
    for first, last in [*cases.FORWARDED.items(), *(([a, [b]]) for a, b in cases.CHAINED.values())]:
        local = first.partition("@")[0]
        if local not in ("list", "games", "news"):
            made[local] = ", ".join(last)
    return made


def write(me, name, lines):
    with open(me.path(name), "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


def main():
    me = Instance(sys.argv[1])
    settings = {**me.settings, "default_transport": f"smtp:[{HOST}]:{me.ports['main']}"}
    write(me, "etc/instance.cf",
          [f"{key} = {value.format(dir=me.directory)}" for key, value in settings.items()])
    write(me, "etc/ports", [f"{name}={port}" for name, port in me.ports.items()
                            if name.startswith("smtpd")])
    write(me, "etc/filters", [f"{name}={way}:[127.0.0.1]:{me.ports[name]}" for name, way in zip(
        cases.FILTERS, ("scan", "scanx", "scanlmtp"))])
    virtual = {"va.test": "x", **{a: ", ".join(f) for a, f in cases.VIRTUAL.items()},
               **{a: first for a, (first, _) in cases.CHAINED.items()}}
    tables = {
        "transport": transports(me), "virtual": virtual, "aliases": aliases(me),
        "boxes": {"box@virt.test": "box", "maildir@virt.test": "maildir/"},
        "access": {"reject.test": "REJECT " + cases.REJECTION},
        "header_checks": {"/^X-Campaign-ID:/": "INFO", "/^X-Bounce-ID:/": "WARN bounceid",
                          "/^X-Job:/": "INFO a job: ours"},
    }
    for name, entries in tables.items():
        write(me, "etc/" + name, [f"{key} {value}" for key, value in entries.items()])
    write(me, "etc/list", cases.FORWARDED["list@local.test"])
    for user in ("games", "news"):
        keep = ["\\" + user] if user + "@local.test" in cases.KEPT else []
        write(me, f"forward/{user}", keep + cases.FORWARDED[user + "@local.test"])


if __name__ == "__main__":
    main()
