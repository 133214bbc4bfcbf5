#!/bin/sh
# OUT1, OUT4: 403 for 5 s, 404 and 401 for some seconds (a wrong key, a moved URL): the
# output is held, which is told once and shown by status; one try every retry.hold; then all
# drains, nothing is lost and nothing dies, a restart in between included. Another output
# notices none of it.
. "$(dirname "$0")/lib.sh"

plan() { # TEXT: by rename, since each request reads it
	echo "$1" >"$TMP/plan.new" && mv "$TMP/plan.new" "$TMP/plan"
}
plan ""
start_backend
OTHER=$BACKEND_URL
BACKEND_LOG=$TMP/held.log
start_backend --plan "@$TMP/plan"
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
outputs:
  - name: held
    url: $BACKEND_URL
    batch: {max_events: 40, linger: 10ms}
    retry: {min: 10ms, max: 100ms, hold: 500ms}
  - {name: other, url: "$OTHER", batch: {max_events: 40, linger: 10ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
last=0
write() { # COUNT SECONDS
	"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --count "$1" \
		--first $((last + 1)) --seconds "$2" || fail "the writer failed"
	last=$((last + $1))
}
arrived() { # LOG SECONDS
	wait_for '"$E2E/compare.py" --writer "$TMP/written" --log "'"$1"'" --only --one-key \
		>"$TMP/result" 2>&1' "$2"
}
told() { # EVENT
	grep -c "event=$1 " "$TMP/daemon.log" || true
}
hold() { # CODE SECONDS
	# shellcheck disable=SC2034 # evaluated below
	held=$(told held) delivering=$(told delivering)
	plan "all:$1"
	write 200 "$2"
	rc=0
	"$BOUNCEFEED" status -c "$TMP/c.yaml" >"$TMP/status" || rc=$?
	[ $rc = 1 ] || fail "$1: status exits with $rc"
	grep -q "output held: hold" "$TMP/status" || fail "$1: status says $(cat "$TMP/status")"
	grep -q "output other: ok" "$TMP/status" || fail "$1: status says $(cat "$TMP/status")"
	arrived "$TMP/backend.log" 1 # the other one
	plan ""
	[ "$(told held)" = $((held + 1)) ] || fail "$1: told $(told held) times, before it $held"
	arrived "$BACKEND_LOG" 5
	n=$(requests "\"answer\": $1")
	if [ "$n" -lt 2 ] || [ "$n" -gt $(($2 * 2 + 3)) ]; then
		fail "$1 for $2 s: $n tries"
	fi
	wait_for '[ "$(told delivering)" -gt "$delivering" ]' 2
}
start_daemon "$TMP/c.yaml"
write 10 0
arrived "$BACKEND_LOG" 10
hold 403 5
hold 404 2
hold 401 2

# stopped and started while it is held
plan all:403
write 100 0
wait_for '[ "$(told held)" = 4 ]' 5
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
start_daemon "$TMP/c.yaml"
wait_for '[ "$(told held)" = 5 ]' 5
plan ""
arrived "$BACKEND_LOG" 5
! grep -q event=dead-letter "$TMP/daemon.log" || fail "a dead letter"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
[ "$("$E2E/judge.py" queued --db "$TMP/state.db")" = 0 ] || fail "something is left"
pass "$(cat "$TMP/result")"
