#!/bin/sh
# The bounds of the spool (case RES3): outputs[].max_size stops reading when one
# output's share is full, while the others' queues drain, and it goes on when there is room;
# state.max_size bounds database and WAL together; dead letters fill their share, then the output
# is held, loudly, and goes on once they are dropped. Nothing is lost anywhere.
. "$(dirname "$0")/lib.sh"

DB=$TMP/state.db
state_bytes() {
	cat "$DB" "$DB-wal" 2>/dev/null | wc -c
}
arrived() { # LIST LOG
	"$E2E/compare.py" --writer "$1" --log "$2" --only >"$TMP/result" 2>&1
}
fresh() {
	rm -f "$DB"* "$TMP/bounces.csv" "$TMP/written"
	: >"$TMP/daemon.log"
}
end_part() {
	stop "$DAEMON_PID"
	[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
}

# --- one output's share
BACKEND_LOG=$TMP/down.log
start_backend
DOWN_PORT=$BACKEND_PORT DOWN=$BACKEND_URL
stop "$BACKEND_PID"
BACKEND_LOG=$TMP/up.log
start_backend
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
outputs:
  - {name: up, url: "$BACKEND_URL", batch: {linger: 10ms, max_events: 50}}
  - name: down
    url: $DOWN
    max_size: 128KiB
    batch: {linger: 10ms, max_events: 50}
    retry: {min: 10ms, max: 200ms}
state: {path: $DB, min_free: 1MiB}
EOF
start_daemon "$TMP/c.yaml"
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --count 40000
wait_for 'grep -q "event=spool-full.*max_size of an output" "$TMP/daemon.log"' 10
# what was read is delivered to the other one, and no more is read
wait_for '"$E2E/state.py" "$DB" standing | grep -q queued' 5
sleep 1
share=$("$E2E/state.py" "$DB" sum batch size)
here=$(wc -l <"$TMP/up.log")
sleep 1
[ "$(wc -l <"$TMP/up.log")" = "$here" ] || fail "reading goes on"
[ "$share" -le $((128 * 1024 + 4 * 1024 * 1024)) ] || fail "a share of $share bytes"
[ "$share" -ge $((128 * 1024)) ] || fail "full with $share bytes"
# shellcheck disable=SC2034 # start_backend takes it
BACKEND_LOG=$TMP/down.log
start_backend --port "$DOWN_PORT"
wait_for 'arrived "$TMP/written" "$TMP/up.log" && arrived "$TMP/written" "$TMP/down.log"' 30
grep -q event=spool-has-room "$TMP/daemon.log" || fail "nobody says that there is room"
said="share full at $share bytes"
end_part

# --- all of it, with the WAL; a backend that is away
stop "$BACKEND_PID"
fresh
rm "$TMP/down.log"
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
outputs:
  - {name: down, url: "$DOWN", batch: {linger: 10ms, max_events: 20}, retry: {min: 10ms, max: 200ms}}
state: {path: $DB, min_free: 1MiB, max_size: 2MiB}
EOF
start_daemon "$TMP/c.yaml"
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --count 60000
wait_for 'grep -q "event=spool-full.*state.max_size" "$TMP/daemon.log"' 10
sleep 1
full=$(state_bytes)
[ "$full" -le $((2 * 2 * 1024 * 1024)) ] || fail "$full bytes with max_size 2 MiB"
queued=$("$E2E/state.py" "$DB" sum batch count)
[ "$queued" -ge 5000 ] || fail "full with $queued events"
start_backend --port "$DOWN_PORT"
wait_for 'arrived "$TMP/written" "$TMP/down.log"' 40
largest=$(state_bytes)
[ "$largest" -le $((8 * 1024 * 1024)) ] || fail "$largest bytes at the end"
said="$said; max_size 2 MiB: full at $full bytes with $queued events"
end_part

# --- dead letters
stop "$BACKEND_PID"
fresh
rm "$TMP/down.log"
start_backend --plan poison:00@:422
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
outputs:
  - name: o
    url: $BACKEND_URL
    batch: {linger: 10ms, max_events: 100}
    retry: {min: 10ms, max: 50ms, hold: 300ms}
dead: {max_size: 64KiB}
state: {path: $DB, min_free: 1MiB}
EOF
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --count 15010
grep -v 00@ "$TMP/written" >"$TMP/good"
start_daemon "$TMP/c.yaml"
wait_for 'grep -q "event=held.*no room for a dead letter" "$TMP/daemon.log"' 20
sleep 1.5
[ "$(grep -c event=held "$TMP/daemon.log")" = 1 ] || fail "held is told $(grep -c event=held "$TMP/daemon.log") times"
"$BOUNCEFEED" status -c "$TMP/c.yaml" >"$TMP/status" && fail "status of a held output: exit 0"
grep -q "no room for a dead letter" "$TMP/status" || fail "status says $(cat "$TMP/status")"
bytes=$("$E2E/state.py" "$DB" sum output dead_bytes)
{ [ "$bytes" -le 65536 ] && [ "$bytes" -ge 50000 ]; } || fail "held with $bytes bytes of dead letters"
here=$(requests '"answer": 200')
sleep 1
[ "$(requests '"answer": 200')" = "$here" ] || fail "it is held, and delivers"
n=$("$E2E/state.py" "$DB" dead | wc -l)
if "$BOUNCEFEED" dead --help >/dev/null 2>&1; then
	"$BOUNCEFEED" dead drop -c "$TMP/c.yaml" --all >/dev/null || fail "dead drop --all: exit $?"
else
	"$E2E/state.py" "$DB" drop-dead >/dev/null
	touch "$DB.wake"
fi
wait_for 'arrived "$TMP/good" "$BACKEND_LOG"' 20
wait_for '[ "$("$E2E/state.py" "$DB" standing)" = empty ]' 5
n=$((n + $("$E2E/state.py" "$DB" dead | wc -l)))
[ $n = 150 ] || fail "$n dead letters of 150"
end_part
pass "$said; held with $bytes bytes of dead letters"
