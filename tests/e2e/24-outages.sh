#!/bin/sh
# OUT5, OUT6, OUT7, OUT10: outages of all kinds, 20 of a second (OUTAGES=100: the long run),
# and each time all drains. No answer in time, resets at every point, 408, half an answer, no
# TLS at the other end: the same batch again, with the same bytes. The log gets at most one
# line in ten seconds of a backend that fails.
. "$(dirname "$0")/lib.sh"

OUTAGES=${OUTAGES:-20}
now_ms() {
	echo $(($(date +%s%N) / 1000000))
}
plan() { # TEXT: by rename, since each request reads it
	echo "$1" >"$TMP/plan.new" && mv "$TMP/plan.new" "$TMP/plan"
}
plan ""
start_backend --plan "@$TMP/plan"
config() { # URL
	cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
outputs:
  - name: o
    url: $1
    batch: {max_events: 40, linger: 10ms}
    timeout: {total: 500ms}
    retry: {min: 10ms, max: 100ms}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
}
last=0
write() { # COUNT [SECONDS]
	"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --count "$1" \
		--first $((last + 1)) --seconds "${2:-0}" || fail "the writer failed"
	last=$((last + $1))
}
came='"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --only --allow-repeats \
	--one-key --answers 200,lost,cut,half,hang >"$TMP/result" 2>&1'
arrived() { # SECONDS WHAT
	wait_for "$came" "$1"
	kill -0 "$DAEMON_PID" 2>/dev/null || fail "$2: the daemon ended by itself"
}
drained() { # WHAT
	wait_for '[ "$("$E2E/judge.py" queued --db "$TMP/state.db")" = 0 ]' 5
	! grep -q event=dead-letter "$TMP/daemon.log" || fail "$1: a dead letter"
}
told() { # EVENT
	grep -c "event=$1 " "$TMP/daemon.log" || true
}
config "$BACKEND_URL"
start_daemon "$TMP/c.yaml"
write 10
arrived 10 "well"

# stored, but no answer in time: the same key, the same bytes
plan hang:2
write 300
arrived 30 hang
[ "$(requests '"answer": "hang"')" -ge 3 ] || fail "too few time-outs: $(requests '"answer": "hang"')"
# resets in mid-body and in mid-answer, before and after it was taken, half answers, 408
for what in unread:2 every:2:half every:2:reset every:2:lost every:2:cut every:3:408; do
	plan $what
	write 120
	arrived 20 $what
	drained $what
done
grep -q '"attempt": "2"' "$BACKEND_LOG" || fail "no second try"

# gone for a second, again and again, while it is written to: refuses connections, resets
begin=$(now_ms) lines=$(told retrying) n=0 slowest=0
while [ $n -lt "$OUTAGES" ]; do
	n=$((n + 1))
	case $((n % 2)) in
	0) kill9 "$BACKEND_PID" ;;
	*) plan all:reset ;;
	esac
	write 50 0.6
	plan ""
	[ $((n % 2)) = 1 ] || start_backend --port "$BACKEND_PORT" --plan "@$TMP/plan"
	back=$(now_ms)
	arrived 5 "outage $n"
	took=$(($(now_ms) - back))
	[ $took -le $slowest ] || slowest=$took
done
drained outages
lines=$(($(told retrying) - lines)) took=$(($(now_ms) - begin))
[ $lines -le $((took / 10000 + 1)) ] || fail "$lines lines in $took ms of outages"

# plain HTTP where TLS was expected: tried again, not given up
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
config "https${BACKEND_URL#http}"
start_daemon "$TMP/c.yaml"
write 50
wait_for '[ "$(tail -n 1 "$TMP/daemon.log" | grep -c "event=retrying.*code=0")" = 1 ]' 5
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
config "$BACKEND_URL"
start_daemon "$TMP/c.yaml"
arrived 5 TLS
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
eval "$came" || fail "$(cat "$TMP/result")"
pass "$n outages, drained within $slowest ms, $lines lines in $((took / 1000)) s; $(cat "$TMP/result"), $(requests) requests"
