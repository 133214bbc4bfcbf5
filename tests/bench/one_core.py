"""What a mail.log costs on one core: reading alone, `replay`, and the daemon's way into the spool.

Every program runs pinned to one processor, RUNS times, of which the fastest counts: others on
the machine only add. CPU is user + system time of the program alone, start and end included.
"""

import os
import re
import sqlite3
import subprocess
import time

import measure

RUNS = 3

CONFIG = """\
host: bench
sources:
  - {{name: bench, format: maillog, path: {path}, start: beginning}}
outputs:
  - {{name: nobody, url: "http://127.0.0.1:1/", select: {{type: []}}}}
state: {{path: {state}, min_free: 1MiB}}
log: {{level: error}}
"""


def pin():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def cpu_of(argv, **options):
    """CPU seconds of a program that ends by itself, and what it said."""
    with measure.started(argv, preexec_fn=pin, stderr=subprocess.PIPE, **options) as p:
        err = p.stderr.read().decode(errors="replace")
        _, status, used = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode != 0:
        raise measure.Failed(f"{argv[0]} ended with {p.returncode}: {err[-500:]}")
    return used.ru_utime + used.ru_stime, err


def read_up_to(state):
    """Where the daemon would go on, by its state file; 0: not known yet."""
    try:
        db = sqlite3.connect(f"file:{state}?mode=ro", uri=True, timeout=5)
        try:
            return db.execute("SELECT max(offset) FROM file").fetchone()[0] or 0
        finally:
            db.close()
    except sqlite3.OperationalError:  # not made yet
        return 0


def spool(b, path):
    """CPU seconds and events of the daemon until all of the file is in the spool."""
    state = f"{b.tmp}/spool.db"
    with open(f"{b.tmp}/spool.yaml", "w", encoding="utf-8") as f:
        f.write(CONFIG.format(path=path, state=state))
    argv = [f"{b.bindir}/bouncefeed", "run", "-c", f"{b.tmp}/spool.yaml"]
    size, limit = os.path.getsize(path), time.monotonic() + measure.LIMIT_S
    with open(f"{b.tmp}/log", "wb") as err, \
            measure.started(argv, stderr=err, preexec_fn=pin) as p:
        while read_up_to(state) < size:
            if p.poll() is not None or time.monotonic() > limit:
                raise measure.Failed("the daemon did not read the mail log to its end")
            time.sleep(0.05)
        user, system = measure.end(p)
    db = sqlite3.connect(state)
    events = db.execute("SELECT sum(count) FROM batch").fetchone()[0]
    db.close()
    for name in os.listdir(b.tmp):
        if name.startswith("spool."):
            os.unlink(f"{b.tmp}/{name}")
    return user + system, events


def reading(b, path):
    """The stages up to the event's JSON."""
    argv = [f"{b.bench}/stages", "maillog", path, b.tmp, "json"]
    out = subprocess.run(argv, stdout=subprocess.PIPE, preexec_fn=pin, check=True)
    m = re.search(r"events=(\d+) cpu_ns=(\d+)", out.stdout.decode())
    return int(m[2]) / 1e9, int(m[1])


def replay(b, path):
    argv = [f"{b.bindir}/bouncefeed", "replay", "-f", "maillog", path]
    cpu, err = cpu_of(argv, stdout=subprocess.DEVNULL)
    return cpu, int(re.search(r" (\d+) events", err)[1])


def fastest(program, *args):
    """Of (CPU seconds, result): the least, and all results have to be the same."""
    runs = [program(*args) for _ in range(RUNS)]
    if len({result for _, result in runs}) != 1:
        raise measure.Failed(f"{program.__name__}: not the same twice: {runs}")
    return min(runs)


def counted(b, path, argv):
    with open(f"{b.tmp}/count", "wb") as out:  # with /dev/null grep stops at the first match
        return cpu_of([*argv, path], stdout=out)


def of_log(b, kind, rows, peer):
    """What was made, and [(program, CPU seconds)] over that many lines of one kind of log."""
    path, made = b.generate(kind, rows)
    word = " stat=" if kind == "sendmail" else " status="
    found = [("wc -l", fastest(counted, b, path, ["wc", "-l"])[0]),
             (f"grep -c '{word}'", fastest(counted, b, path, ["grep", "-c", word])[0])]
    for name, program in (("reading, up to JSON", reading), ("replay > /dev/null", replay),
                          ("run, into the spool", spool)):
        cpu, events = fastest(program, b, path)
        if events != made["events"]:
            raise measure.Failed(f"{kind}, {name}: {events} of {made['events']} events")
        found.append((name, cpu))
    if peer and kind == "maillog-iso":
        lines = int(subprocess.run(["grep", "-c", " status=[a-z]* (", path], check=True,
                                   stdout=subprocess.PIPE).stdout)
        r = b.syslog_ng(kind, path, lines)
        found.append(("syslog-ng 3.38, to a sink", r["user"] + r["sys"]))
    os.unlink(path)
    return made, found
