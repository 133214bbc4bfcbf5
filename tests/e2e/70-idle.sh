#!/bin/sh
# With nothing to do the daemon does nothing: no CPU tick, no wake-up, between two safety
# rescans (and after it has tidied up the state file).
. "$(dirname "$0")/lib.sh"

start_backend
mkdir "$TMP/logs" # nothing else is written there: a neighbour is an event, too
cp "$E2E/../../samples/pmta/bounces.csv" "$TMP/logs"
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/logs/bounces.csv, start: beginning, silent_after: 1h}
  - {name: silent, format: pmta, path: $TMP/logs/none.csv, silent_after: 1s}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 0}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
start_daemon "$TMP/c.yaml"
wait_for '[ "$(requests)" = 1 ]' 5
sleep 7
awake() {
	grep ctxt_switches "/proc/$DAEMON_PID/status"
	cut -d' ' -f14,15 "/proc/$DAEMON_PID/stat"
}
awake >"$TMP/before"
sleep 20
awake >"$TMP/after"
cmp -s "$TMP/before" "$TMP/after" || fail "it woke up: $(diff "$TMP/before" "$TMP/after")"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass
