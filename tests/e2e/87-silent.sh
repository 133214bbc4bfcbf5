#!/bin/sh
# silent_after: a source that nobody writes to is told once, and told again when it is heard;
# across restarts and rotations, and with no wake-up in between. ignore_older: an old file that
# is new to us is left until it is written to.
. "$(dirname "$0")/lib.sh"

mkdir "$TMP/logs"
start_backend
cat >"$TMP/c.yaml" <<END
sources:
  - {name: p, format: pmta, path: $TMP/logs/p.csv, start: beginning, silent_after: 2s}
  - {name: none, format: pmta, path: $TMP/logs/none.csv, silent_after: 2s}
  - {name: calm, format: pmta, path: $TMP/logs/calm.csv, silent_after: 1h}
  - {name: off, format: pmta, path: $TMP/logs/off.csv}
  - name: old
    format: pmta
    path: [$TMP/logs/old.csv, $TMP/logs/new.csv]
    start: beginning
    ignore_older: 7d
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
END

write() { # FILE FIRST COUNT
	"$E2E/writer.py" --file "$TMP/logs/$1" --list "$TMP/written" --first "$2" --count "$3"
}
logged() { # EVENT SOURCE: how often, since the log began
	grep -c "event=$1 source=$2 " "$TMP/daemon.log"
}
got() {
	"$E2E/recipients.py" "$BACKEND_LOG" | wc -l
}

write p.csv 1 10
write calm.csv 1 1
write off.csv 1 1
write old.csv 100 10
write new.csv 200 10
touch -d '30 minutes ago' "$TMP/logs/calm.csv"
touch -d '40 days ago' "$TMP/logs/off.csv"
touch -d '8 days ago' "$TMP/logs/old.csv"
start_daemon "$TMP/c.yaml"
wait_for '[ "$(got)" = 20 ]' 10 # p and new

# --- told once, with since when; the one that never was there since the start
wait_for '[ "$(logged silent p)" = 1 ] && [ "$(logged silent none)" = 1 ]' 15
grep -qE 'warn event=silent source=p since=20[-0-9]+T[0-9:]+Z seconds=[2-9]$' "$TMP/daemon.log" ||
	fail "silent: $(grep event=silent "$TMP/daemon.log")"

# --- then nothing more is told, and nobody wakes for it (its state file is tidied up once)
sleep 7
awake() {
	grep ctxt_switches "/proc/$DAEMON_PID/status"
	cut -d' ' -f14,15 "/proc/$DAEMON_PID/stat"
}
awake >"$TMP/before"
sleep 5
awake >"$TMP/after"
cmp -s "$TMP/before" "$TMP/after" || fail "it woke up: $(diff "$TMP/before" "$TMP/after")"
[ "$(grep -c event=silent "$TMP/daemon.log")" = 2 ] || fail "$(grep event=silent "$TMP/daemon.log")"

# --- a rotation is no writing
mv "$TMP/logs/p.csv" "$TMP/logs/p.csv.1"
: >"$TMP/logs/p.csv"
sleep 1
[ "$(logged heard p)" = 0 ] || fail "a rotation was heard"

# --- heard, by its reader or not: bytes that are no record are written, too
printf 'x' >>"$TMP/logs/none.csv"
head -n 1 "$TMP/logs/p.csv.1" >>"$TMP/logs/p.csv"
write p.csv 11 5
wait_for '[ "$(logged heard p)" -ge 1 ] && [ "$(logged heard none)" -ge 1 ]' 10
grep -qE 'info event=heard source=p since=20[-0-9]+T[0-9:]+Z seconds=[0-9]+$' "$TMP/daemon.log" ||
	fail "heard: $(grep event=heard "$TMP/daemon.log")"

# --- silent again; and after a restart at once, since the same time
wait_for '[ "$(logged silent p)" -gt "$(logged heard p)" ] &&
	[ "$(logged silent none)" -gt "$(logged heard none)" ]' 15
stop "$DAEMON_PID"
since=$(grep "event=silent source=p" "$TMP/daemon.log" | tail -n 1 | sed 's/.*since=\([^ ]*\).*/\1/')
: >"$TMP/daemon.log"
start_daemon "$TMP/c.yaml"
wait_for '[ "$(logged silent p)" = 1 ]' 10
grep -qF "event=silent source=p since=$since " "$TMP/daemon.log" ||
	fail "after a restart: $(grep event=silent "$TMP/daemon.log"), want since $since"
if grep -qE 'event=silent source=(calm|off)' "$TMP/daemon.log"; then
	fail "not silent: $(cat "$TMP/daemon.log")"
fi

# --- a backlog of old records is read, and that is no writing
stop "$DAEMON_PID"
write p.csv 16 5
touch -d '1 minute ago' "$TMP/logs/p.csv" "$TMP/logs/p.csv.1"
: >"$TMP/daemon.log"
start_daemon "$TMP/c.yaml"
wait_for '[ "$(got)" = 30 ] && [ "$(logged silent p)" = 1 ]' 10
: >"$TMP/logs/p.csv.2" # looked at again
sleep 1
[ "$(logged heard p)" = 0 ] || fail "a backlog was heard"

# --- the files are gone, and it is silent since the last event that was read
stop "$DAEMON_PID"
since=$("$BOUNCEFEED" status -c "$TMP/c.yaml" | sed -n 's/^source p: last event \([^ ]*\).*/\1/p')
rm "$TMP"/logs/p.csv*
: >"$TMP/daemon.log"
start_daemon "$TMP/c.yaml"
wait_for '[ "$(logged silent p)" = 1 ]' 10
grep -qF "event=silent source=p since=$since " "$TMP/daemon.log" ||
	fail "no files: $(grep event=silent "$TMP/daemon.log"), want since $since"
"$BOUNCEFEED" status -c "$TMP/c.yaml" | grep -qF "silent: nothing was written since $since, " ||
	fail "status without files: $("$BOUNCEFEED" status -c "$TMP/c.yaml")"

# --- the old file: not read so far, then from its beginning
got=$(got)
[ "$got" = 30 ] || fail "the old file: got $got events, want 30 without it"
write old.csv 110 5
wait_for '[ "$(got)" = 45 ]' 10
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass
