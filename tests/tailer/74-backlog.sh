#!/bin/sh
# A large backlog is read beside a live file: the live file's events arrive within 5 s each
# while it lasts. As two sources of CSV, as two files of one, as two mail logs. Then as the
# rotated file of a mail log: its lines explain later ones, so it is read in order and the live
# file waits: how long is said, and that all comes.
#
# Few of the backlog's records are selected, so that the backend is not what is measured (with
# one that is slow: 75-slow-backend). BACKLOG_MB=N: how large (300).
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tailer/scale.sh
. "$(dirname "$0")/scale.sh"

BACKLOG_MB=${BACKLOG_MB:-300}
mkdir "$TMP/logs"
start_backend
cat >"$TMP/make.py" <<'EOP'
import sys
kind, megabytes, path, names = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
HEADER = "type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat,envId\n"
def pmta(n, name, bounce):
    return (f"{'b' if bounce else 'd'},2026-03-02 08:00:00+0000,s@lists.example.com,{name}@example.net,"
            f"{'5.1.1' if bounce else '2.0.0'},smtp;{'550 5.1.1 no' if bounce else '250 ok'},"
            f"{'bad-mailbox' if bounce else 'success'},{'e' * 180}{n}\n")
def mail(n, name, bounce):
    said = "550 5.1.1 unknown" if bounce else "250 2.0.0 ok " + "q" * 120
    return (f"2026-03-02T08:00:00.{n % 1000000:06d}+00:00 mx1 postfix/smtp[{n % 30000}]: "
            f"{0xA0000000 + n:X}: to=<{name}@example.net>, relay=mx.example.net[192.0.2.25]:25, "
            f"delay=0.3, delays=0.1/0/0.1/0.1, dsn={'5.1.1' if bounce else '2.0.0'}, "
            f"status={'bounced' if bounce else 'sent'} ({said})\n")
make = pmta if kind == "pmta" else mail
with open(path, "w") as out, open(names, "a") as listed:
    size, n = 0, 0
    if kind == "pmta":
        out.write(HEADER)
    block = []
    while size < megabytes << 20:
        for _ in range(1000):
            n += 1
            bounce = n % 1000 == 0
            name = f"old{n:08d}"
            block.append(make(n, name, bounce))
            if bounce:
                listed.write(name + "\n")
        text = "".join(block)
        block.clear()
        size += len(text)
        out.write(text)
print(n)
EOP
# live FILE KIND SECONDS: a record every 0.2 s, named by when it was written (ms); until the
# backlog's last one has arrived, or for so long
cat >"$TMP/live.py" <<'EOP'
import json, os, sys, time
sys.path.insert(0, sys.argv[5])
from arrived import Arrived
path, kind, names, log, _, last, limit = sys.argv[1:8]
def record(name):
    if kind == "pmta":
        return (f"b,2026-03-02 08:00:00+0000,s@lists.example.com,{name}@example.net,5.1.1,"
                "smtp;550 5.1.1 no,bad-mailbox,live\n")
    return (f"2026-03-02T09:00:00.000000+00:00 mx1 postfix/smtp[7]: {0xB0000000 + n:X}: to=<{name}@example.net>, "
            "relay=mx.example.net[192.0.2.25]:25, delay=0.3, delays=0.1/0/0.1/0.1, dsn=5.1.1, "
            "status=bounced (550 5.1.1 unknown)\n")
arrived = Arrived(log)
arrived.wrote(last)
begin = time.monotonic()
sent, worst, n, during = {}, 0.0, 0, 0
def take(now):
    global worst
    arrived.look()
    for name in [s for s in sent if s not in arrived.missing]:
        worst = max(worst, now - sent.pop(name))
next_write = begin
with open(names, "a") as listed:
    while last in arrived.missing and time.monotonic() - begin < float(limit):
        now = time.monotonic()
        if now >= next_write:
            n += 1
            name = f"live{kind}{os.getpid()}x{n:06d}"
            arrived.wrote(name)
            sent[name] = now
            with open(path, "a") as f:
                f.write(record(name))
            listed.write(name + "\n")
            next_write += 0.2
        time.sleep(0.01)
        take(time.monotonic())
took = time.monotonic() - begin
if last in arrived.missing:
    sys.exit(f"the backlog was not read within {limit} s; {arrived.total} events came, {len(sent)} live ones wait")
during = n - len(sent)
while sent and time.monotonic() - begin < float(limit):
    time.sleep(0.01)
    take(time.monotonic())
if sent:
    sys.exit(f"{len(sent)} live events did not come within {limit} s")
print(f"{took:.1f} {n} {during} {worst * 1000:.0f}")
EOP
# part NAME KIND LIVE: the live file LIVE is written to, the backlog is already there
part() {
	last=$(tail -n 1 "$TMP/written")
	/usr/bin/python3 "$TMP/live.py" "$3" "$2" "$TMP/written" "$BACKEND_LOG" "$SCALE" "$last" "${LIMIT:-100}" \
		>"$TMP/part" 2>"$TMP/part.err" || fail "$1: $(tail -n 1 "$TMP/part.err"); $(figures)"
	read -r took live during worst <"$TMP/part"
	each_once "$TMP/written" "$1"
	said="$said $1: $BACKLOG_MB MB in $took s, $during of $live live events during it, the slowest after $worst ms, RSS $(rss_kib) KiB;"
}
fresh() {
	stop "$DAEMON_PID"
	[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
	rm -f "$DB"* "$TMP"/logs/* "$TMP/written" "$BACKEND_LOG"
	stop "$BACKEND_PID"
	start_backend --port "$BACKEND_PORT"
}
config() { # SOURCES
	cat >"$TMP/c.yaml" <<EOC
sources:
$1
outputs:
  - {name: o, url: "$BACKEND_URL", select: {type: [bounce]}, batch: {linger: 100ms}}
state: {path: $DB, min_free: 1MiB}
EOC
	start_daemon "$TMP/c.yaml"
	looked "$2"
}
said=
within() { # SECONDS
	[ "$worst" -le $(($1 * 1000)) ] || fail "$said over $1 s"
	[ "$during" -ge 3 ] || fail "$said: too few live events during it (a larger BACKLOG_MB)"
}
backlog() { # KIND FILE
	/usr/bin/python3 "$TMP/make.py" "$1" "$BACKLOG_MB" "$2.tmp" "$TMP/written" >/dev/null || fail "make"
	mv "$2.tmp" "$2"
}

backlog pmta "$TMP/logs/old.csv"
head -n 1 "$TMP/logs/old.csv" >"$TMP/logs/live.csv"
cp "$TMP/written" "$TMP/old-list"
ln "$TMP/logs/old.csv" "$TMP/old.csv"
config "  - {name: old, format: pmta, path: $TMP/logs/old.csv, start: beginning}
  - {name: live, format: pmta, path: $TMP/logs/live.csv, start: beginning}" 2
part "two sources" pmta "$TMP/logs/live.csv"
within 5
fresh
cp "$TMP/old-list" "$TMP/written"
mv "$TMP/old.csv" "$TMP/logs/old.csv"
head -n 1 "$TMP/logs/old.csv" >"$TMP/logs/live.csv"
config "  - {name: both, format: pmta, path: '$TMP/logs/*.csv', start: beginning}" 1
part "two files of one" pmta "$TMP/logs/live.csv"
within 5
fresh
rm -f "$TMP/old.csv"
backlog maillog "$TMP/logs/old.log"
cp "$TMP/written" "$TMP/old-list"
ln "$TMP/logs/old.log" "$TMP/old.log"
: >"$TMP/logs/mail.log"
config "  - {name: old, format: maillog, path: $TMP/logs/old.log, start: beginning}
  - {name: live, format: maillog, path: $TMP/logs/mail.log, start: beginning}" 2
part "two mail logs" maillog "$TMP/logs/mail.log"
within 5
fresh
# the first look passes over the archive: the backlog is rotated while the daemon is down
cp "$TMP/old-list" "$TMP/written"
head -n 1 "$TMP/old.log" >"$TMP/logs/mail.log"
config "  - {name: mail, format: maillog, path: $TMP/logs/mail.log, start: end}" 1
stop "$DAEMON_PID"
tail -n +2 "$TMP/old.log" >>"$TMP/logs/mail.log"
rm "$TMP/old.log"
mv "$TMP/logs/mail.log" "$TMP/logs/mail.log.1"
: >"$TMP/logs/mail.log"
start_daemon "$TMP/c.yaml"
part "the rotated file of a mail log" maillog "$TMP/logs/mail.log"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "${said# }"
