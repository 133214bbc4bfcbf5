"""What a mail.log costs on one core: reading alone, `replay`, and the daemon's way into the spool.

Every program runs pinned to one processor, after a first reading by wc, so the file is in
memory. CPU is user + system time of the program alone, start and end included.
"""

import os
import re
import sqlite3
import subprocess
import time

import measure

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


def reading(b, kind, path):
    """The stages up to the event's JSON; the time of the file's first read() included."""
    argv = [f"{b.bench}/stages", kind, path, b.tmp, "json"]
    out = subprocess.run(argv, stdout=subprocess.PIPE, preexec_fn=pin, check=True)
    m = re.search(r"events=(\d+) cpu_ns=(\d+)", out.stdout.decode())
    return int(m[2]) / 1e9, int(m[1])


def replay(b, path, kind):
    argv = [f"{b.bindir}/bouncefeed", "replay", "-f", kind, path]
    cpu, err = cpu_of(argv, stdout=subprocess.DEVNULL)
    return cpu, int(re.search(r" (\d+) events", err)[1])


def of_log(b, kind, rows, peer):
    """[(program, CPU seconds, events or None)] of one kind of log; rows: of that many lines."""
    path, made = b.generate(kind, rows)
    wc, _ = cpu_of(["wc", "-l", path], stdout=subprocess.DEVNULL)
    wc, _ = cpu_of(["wc", "-l", path], stdout=subprocess.DEVNULL)
    word = " stat=" if kind == "sendmail" else " status="
    with open(f"{b.tmp}/count", "wb") as out:  # with /dev/null it stops at the first match
        grep, _ = cpu_of(["grep", "-c", word, path], stdout=out)
    own = [("reading, up to JSON", reading(b, "maillog", path)),
           ("replay > /dev/null", replay(b, path, "maillog")),
           ("run, into the spool", spool(b, path))]
    for name, (_, events) in own:
        if events != made["events"]:
            raise measure.Failed(f"{kind}, {name}: {events} of {made['events']} events")
    found = [("wc -l", wc), (f"grep -c '{word}'", grep),
             *((name, cpu) for name, (cpu, _) in own)]
    if peer and kind == "maillog-iso":
        lines = int(subprocess.run(["grep", "-c", " status=[a-z]* (", path], check=True,
                                   stdout=subprocess.PIPE).stdout)
        r = b.syslog_ng(kind, path, lines)
        found.append(("syslog-ng 3.38, to a sink", r["user"] + r["sys"]))
    os.unlink(path)
    return made, found
