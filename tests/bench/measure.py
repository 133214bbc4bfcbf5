"""Runs one program against the discarding sink and says what it took."""

import contextlib
import os
import re
import select
import signal
import struct
import subprocess
import time

LIMIT_S = 300  # for one run
COUNTS = struct.Struct("=5Q5QQ5QQ")  # struct counts of count_alloc.h


class Failed(Exception):
    pass


@contextlib.contextmanager
def started(argv, **options):
    """A process that is ended, by its number, when the block is left."""
    p = subprocess.Popen(argv, **options)
    try:
        yield p
    finally:
        if p.returncode is None:
            p.kill()
            p.wait()


class Sink:
    """tests/bench/discard; port, and what it says."""

    def __init__(self, process):
        self.process = process
        self.port = int(self.said("port ")[0])

    def said(self, word, others=()):
        """The words after `word` on the next line that begins with it."""
        end = time.monotonic() + LIMIT_S
        while True:
            ready, _, _ = select.select([self.process.stdout], [], [], 0.2)
            line = self.process.stdout.readline().decode() if ready else ""
            if line.startswith(word):
                return line[len(word):].split()
            for p in others:
                if p.poll() is not None:
                    raise Failed(f"{p.args[0]} ended with {p.returncode}")
            if time.monotonic() > end or (ready and not line):
                raise Failed(f"no '{word}' from the sink within {LIMIT_S} s")

    def sums(self):
        self.process.send_signal(signal.SIGTERM)
        words = self.said("requests=")
        words[0] = "requests=" + words[0]
        return {k: int(v) for k, v in (w.split("=") for w in words)}


@contextlib.contextmanager
def sink(bench, expect, *more):
    argv = [f"{bench}/discard", "--expect", str(expect), *more]
    # unbuffered: what readline() leaves behind must be seen by select()
    with started(argv, stdout=subprocess.PIPE, bufsize=0) as p:
        yield Sink(p)


def peak_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmHWM:\s*(\d+)", f.read())[1])


def end(p):
    """SIGTERM; user and system seconds of the process alone."""
    p.send_signal(signal.SIGTERM)
    _, status, used = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime, used.ru_stime


def end_to_end(argv, s, log, env=None):
    """Runs until the sink has all events. argv: with the sink's port known."""
    begin = time.monotonic_ns()
    with open(log, "wb") as err:
        with started(argv, stdout=err, stderr=err, env=env) as p:
            try:
                got = int(s.said("all ", [p])[0])
            except Failed as e:
                with open(log, encoding="utf-8", errors="replace") as f:
                    raise Failed(f"{e}\n{f.read()[-2000:]}") from e
            time.sleep(0.1)  # the last answer is recorded
            peak = peak_kib(p.pid)
            user, system = end(p)
    return {"s": (got - begin) / 1e9, "user": user, "sys": system, "peak": peak / 1024,
            **s.sums()}


def new_counts(path):
    with open(path, "wb") as f:
        f.write(bytes(COUNTS.size))


def allocations(path):
    """Calls that make memory, for each event of the second half."""
    with open(path, "rb") as f:
        v = COUNTS.unpack(f.read(COUNTS.size))
    calls = sum(v[11:15]) - sum(v[5:9])  # without free()
    events = v[16] - v[10]
    if events <= 0:
        raise Failed("the allocations of the second half were not counted")
    return calls / events
