#!/bin/sh
# RES4, CK5, CK7, CK9: SIGTERM and start again, 25 times under load (STOPS=100: the long
# run), with a backend that is quick, slow or does not answer at all. Each ends within 2 s
# with exit 0; nothing is lost, nothing that was answered is sent again, what was not stays
# in the spool. After a start the rest of a file is delivered although nobody writes, half
# a record is one record with its other half. A second daemon gives way, idle or not.
. "$(dirname "$0")/lib.sh"

STOPS=${STOPS:-25}
SEED=${SEED:-$(date +%N | sed 's/^0*//')}
: >"$TMP/plan"
start_backend --plan "@$TMP/plan"
config() { # MAX_SIZE
	cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
outputs:
  - name: o
    url: $BACKEND_URL
    batch: {max_events: 50, linger: 10ms}
    retry: {min: 5ms, max: 50ms}
state: {path: $TMP/state.db, max_size: $1, min_free: 1MiB}
EOF
}
plan() { # TEXT: by rename, since each request reads it
	echo "$1" >"$TMP/plan.new" && mv "$TMP/plan.new" "$TMP/plan"
}
now_ms() {
	echo $(($(date +%s%N) / 1000000))
}
starts=0
start() {
	starts=$((starts + 1))
	start_daemon "$TMP/c.yaml"
	wait_for '[ "$(grep -c event=started "$TMP/daemon.log")" = $starts ]' 10
}
slowest=0
stop_in_time() { # MS
	begin=$(now_ms)
	stop "$DAEMON_PID"
	took=$(($(now_ms) - begin))
	[ "$STOPPED" = 0 ] || fail "stop $starts: exit $STOPPED"
	[ $took -le "$1" ] || fail "stop $starts took $took ms ($(cat "$TMP/plan"))"
	[ $took -le $slowest ] || slowest=$took
}
arrived() {
	wait_for '"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" >/dev/null 2>&1' "$1"
}
second() { # WHAT: another daemon on the same state file
	begin=$(now_ms) rc=0
	timeout 5 "$BOUNCEFEED" run -c "$TMP/c.yaml" >"$TMP/second" 2>&1 || rc=$?
	took=$(($(now_ms) - begin))
	[ $rc = 75 ] || fail "a second daemon, the first $1: exit $rc, want 75: $(cat "$TMP/second")"
	[ $took -lt 1000 ] || fail "a second daemon, the first $1: $took ms"
	grep -q "process $DAEMON_PID\$" "$TMP/second" ||
		fail "a second daemon, the first $1: $(cat "$TMP/second")"
}
config 4GiB
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --count 10
start
arrived 10
second idle
# half a record, stop, start, the rest: one record
printf 'b,2026-03-02 08:00:00+0000,s@lists.example.com,half@exam' >>"$TMP/bounces.csv"
sleep 0.2
stop_in_time 2000
start
printf 'ple.net,5.1.1,"smtp;550 no\n' >>"$TMP/bounces.csv"
sleep 0.2
stop_in_time 2000
start
printf 'such user",bad-mailbox,0\n' >>"$TMP/bounces.csv"
echo half@example.net >>"$TMP/written"
arrived 10

# under load
WRITING=$((STOPS * 2 / 5 + 1))
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --count $((WRITING * 1000)) \
	--first 11 --seconds $WRITING &
WRITER=$!
started $WRITER
"$E2E/naps.py" "$SEED" "$STOPS" $((STOPS / 4)) >"$TMP/naps"
n=0
while read -r nap; do
	n=$((n + 1))
	case $((n % 8)) in
	0) plan "all:hang" ;;
	1 | 2 | 5) plan "slow:1:100" ;;
	*) plan "" ;;
	esac
	sleep "$nap"
	[ $n != 3 ] || second busy
	stop_in_time 2000
	"$E2E/judge.py" spool --db "$TMP/state.db" --log "$BACKEND_LOG" --output o \
		--path /events >"$TMP/judged" 2>&1 || fail "seed $SEED, stop $n: $(cat "$TMP/judged")"
	start
done <"$TMP/naps"
plan ""
wait $WRITER || fail "the writer failed"
forget $WRITER
arrived 20

# stopped in mid-file (the spool is full): the rest comes without new writes
stop_in_time 2000
kill9 "$BACKEND_PID"
config 1MiB
start
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --count 14000 --first 500001
wait_for 'grep -q event=spool-full "$TMP/daemon.log"' 20
stop_in_time 2000
"$E2E/judge.py" spool --db "$TMP/state.db" >"$TMP/judged" 2>&1 || fail "$(cat "$TMP/judged")"
start_backend --port "$BACKEND_PORT"
start
arrived 30
stop_in_time 2000
"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --only --one-key --answers 200 \
	--db "$TMP/state.db" >"$TMP/result" 2>&1 || fail "seed $SEED: $(cat "$TMP/result")"
pass "seed $SEED, $starts starts, slowest stop $slowest ms; $(cat "$TMP/result"); full: $(cat "$TMP/judged")"
