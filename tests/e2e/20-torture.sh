#!/bin/sh
# A file is renamed and re-created 20 times while the daemon gets 10 kills -9 at random and
# the backend answers every third request with 503: every event arrives, none stands in
# two batches, each retry has the same body under the same key.
. "$(dirname "$0")/lib.sh"

ROWS=${ROWS:-20000} KILLS=${KILLS:-10} SECONDS_OF_WRITING=${SECONDS_OF_WRITING:-12}
SEED=${SEED:-$(date +%N)}
start_backend --plan every:3:503
mkdir "$TMP/logs"
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/logs/bounces.csv, start: beginning}
outputs:
  - name: o
    url: $BACKEND_URL
    batch: {max_events: 200, linger: 20ms}
    retry: {min: 5ms, max: 50ms}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
# the first look comes before the first rotation: what was rotated before it is history
"$E2E/writer.py" --file "$TMP/logs/bounces.csv" --list "$TMP/written" --count 10
start_daemon "$TMP/c.yaml"
wait_for '[ "$(requests)" -gt 0 ]' 10
"$E2E/writer.py" --file "$TMP/logs/bounces.csv" --list "$TMP/written" --count "$ROWS" \
	--first 11 --seconds "$SECONDS_OF_WRITING" --rotations 20 --seed 1 &
WRITER=$!
started $WRITER
"$E2E/naps.py" "$SEED" "$KILLS" "$SECONDS_OF_WRITING" >"$TMP/naps"
kills=0
while read -r nap; do
	sleep "$nap"
	kill -0 "$DAEMON_PID" 2>/dev/null || fail "the daemon ended by itself"
	kill9 "$DAEMON_PID"
	kills=$((kills + 1))
	start_daemon "$TMP/c.yaml"
done <"$TMP/naps"
wait $WRITER || fail "the writer failed"
forget $WRITER
wait_for '"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --allow-repeats >/dev/null 2>&1' 30
sleep 0.5
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
files=$(find "$TMP/logs" -type f | wc -l)
[ "$files" = 21 ] || fail "not 20 rotations: $files files"
"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --allow-repeats --one-key \
	--only --db "$TMP/state.db" >"$TMP/result" 2>&1 || fail "seed $SEED: $(cat "$TMP/result")"
pass "seed $SEED, $kills kills, 20 rotations, $(requests) requests: $(cat "$TMP/result")"
