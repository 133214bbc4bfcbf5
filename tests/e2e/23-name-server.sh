#!/bin/sh
# OUT5: a name server that does not answer for 12 s (a preloaded getaddrinfo) delays neither
# reading, nor other outputs, nor SIGTERM by more than 1 s; its own output loses nothing.
. "$(dirname "$0")/lib.sh"

cc -D_GNU_SOURCE -O2 -fPIC -shared -o "$TMP/slow_dns.so" "$E2E/slow_dns.c" -ldl ||
	fail "slow_dns.c does not compile"
# a sanitizer's library wants to be the first
SAN=$(ldd "$BOUNCEFEED" | awk '$1 ~ /^libasan/ { print $3 }')
start_backend
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
outputs:
  - name: dead
    url: http://dead.example:1/
    insecure: true
    batch: {max_events: 50, linger: 10ms}
    timeout: {connect: 5s, total: 6s}
    retry: {min: 100ms, max: 500ms}
  - name: good
    url: http://localhost:$BACKEND_PORT/events
    batch: {max_events: 50, linger: 10ms}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
now_ms() {
	echo $(($(date +%s%N) / 1000000))
}
threads() {
	find "/proc/$DAEMON_PID/task" -mindepth 1 -maxdepth 1 | wc -l
}
place() {
	/usr/bin/python3 -c 'import sqlite3, sys
db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
print(db.execute("SELECT max(offset) FROM file").fetchone()[0] or 0)' "$TMP/state.db"
}
start() {
	LD_PRELOAD="${SAN:+$SAN:}$TMP/slow_dns.so" "$BOUNCEFEED" run -c "$TMP/c.yaml" \
		>>"$TMP/daemon.out" 2>>"$TMP/daemon.log" &
	DAEMON_PID=$!
	started $DAEMON_PID
}
slowest=0
write() { # FIRST: one event, and how long it takes to arrive
	"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --count 1 --first "$1"
	begin=$(now_ms)
	until grep -q "n$(printf %06d "$1")@" "$BACKEND_LOG"; do
		took=$(($(now_ms) - begin))
		[ $took -lt 1000 ] || fail "event $1 does not arrive within 1 s"
		sleep 0.02
	done
	took=$(($(now_ms) - begin))
	[ $took -le $slowest ] || slowest=$took
}
stop_in_time() {
	[ "$(threads)" -gt 1 ] || fail "no resolver is waiting: nothing is tested"
	begin=$(now_ms)
	stop "$DAEMON_PID"
	took=$(($(now_ms) - begin))
	[ "$STOPPED" = 0 ] || fail "stop: exit $STOPPED"
	[ $took -le 1000 ] || fail "SIGTERM took $took ms ($1)"
}
start
n=0
# longer than connect: takes, so that a resolver is given up and another one asked
until=$(($(now_ms) + 9000))
while [ "$(now_ms)" -lt $until ]; do
	n=$((n + 1))
	write $n
	sleep 0.2
	[ $((n % 10)) != 0 ] || {
		before=${after:-0} after=$(place)
		[ "$after" -gt "$before" ] || fail "the place stays at $after"
	}
done
grep -q "event=retrying output=dead" "$TMP/daemon.log" || fail "the dead name is not told"
most=$(threads)
stop_in_time "after $n events"
first=$took
start
wait_for '[ "$(threads)" -gt 1 ]' 5
stop_in_time "at once"

# its queue is whole, and goes where the configuration says now
queued=$("$E2E/judge.py" queued --db "$TMP/state.db")
[ "$queued" = $n ] || fail "$queued of $n events wait for the dead name"
sed -i "s|http://dead.example:1/|$BACKEND_URL/later|" "$TMP/c.yaml"
start
wait_for '"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --path /events/later \
	--only >"$TMP/later" 2>&1' 10
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --path /events --only \
	--db "$TMP/state.db" >"$TMP/result" 2>&1 || fail "$(cat "$TMP/result")"
pass "the slowest of $n events $slowest ms, SIGTERM $first and $took ms, $most threads"
