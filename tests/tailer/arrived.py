#!/usr/bin/python3
"""tests/tailer/arrived.py: what the backend has taken so far, for writers that wait for it.

    arrived.py LOG COUNT SECONDS     waits so long for so many events
"""

import json
import sys
import time


class Arrived:
    """The names (local parts) that are still to come, each as often as it was written."""

    def __init__(self, log):
        self.log = log
        self.at = 0
        self.missing = {}
        self.total = 0
        self.look()
        self.missing = {}

    def wrote(self, name):
        self.missing[name] = self.missing.get(name, 0) + 1

    def look(self):
        try:
            with open(self.log, "rb") as f:
                f.seek(self.at)
                text = f.read()
        except FileNotFoundError:
            return
        end = text.rfind(b"\n") + 1
        self.at += end
        for line in text[:end].splitlines():
            request = json.loads(line)
            for recipient in request["recipients"] if request["answer"] == 200 else []:
                self.total += 1
                name = recipient.partition("@")[0]
                left = self.missing.get(name, 0) - 1
                if left > 0:
                    self.missing[name] = left
                else:
                    self.missing.pop(name, None)

    def wait_for(self, names, seconds, what):
        """Until all of the names are there; ends the program where nothing comes any more."""
        last, before = time.monotonic(), self.total
        while any(name in self.missing for name in names):
            self.look()
            if self.total != before:
                last, before = time.monotonic(), self.total
            if time.monotonic() - last > seconds:
                some = " ".join(sorted(self.missing)[:5])
                sys.exit(f"{what}: nothing came for {seconds:.0f} s, {len(self.missing)} are "
                         f"missing ({some}), {self.total} came")
            time.sleep(0.002)


def main():
    log, count, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    arrived = Arrived(log)
    end = time.monotonic() + seconds
    while arrived.total < count and time.monotonic() < end:
        time.sleep(0.05)
        arrived.look()


if __name__ == "__main__":
    main()
