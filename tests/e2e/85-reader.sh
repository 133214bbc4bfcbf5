#!/bin/sh
# Somebody reads the state file and does not let go (a status in a pager, a backup): the WAL
# cannot be taken over while that lasts. It stays within what state.max_size allows, delivery goes
# on, and the room is given back afterwards.
. "$(dirname "$0")/lib.sh"

MAX=$((4 * 1024 * 1024))
DB=$TMP/state.db
start_backend --plan slow:1:25
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
outputs:
  - name: o
    url: $BACKEND_URL
    batch: {linger: 10ms, max_events: 250}
    retry: {min: 20ms, max: 200ms}
state: {path: $DB, min_free: 1MiB, max_size: 4MiB}
EOF
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --count 100
start_daemon "$TMP/c.yaml"
wait_for '[ "$(requests)" -ge 1 ]' 5
: >"$TMP/parked"
"$E2E/state.py" "$DB" park "$TMP/parked" >"$TMP/reader" &
READER=$!
started $READER
wait_for '[ -s "$TMP/reader" ]' 5
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --count 30000 --first 1000
largest=0
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
	sleep 0.5
	n=$(cat "$DB" "$DB-wal" | wc -c)
	[ "$n" -le "$largest" ] || largest=$n
done
during=$(requests)
"$E2E/state.py" "$DB" standing >"$TMP/standing"
sleep 2
after=$(requests)
ticks=$(awk '{ print $14 + $15 }' "/proc/$DAEMON_PID/stat")
sleep 1
ticks=$(($(awk '{ print $14 + $15 }' "/proc/$DAEMON_PID/stat") - ticks))
said="state file at most $largest bytes (max_size $MAX); $during requests, queue then: $(cat "$TMP/standing"), 2 s later $after requests; $ticks ticks in a second"
[ "$largest" -le $((2 * MAX)) ] || fail "$said"
[ $ticks -le 30 ] || fail "$said"
rm "$TMP/parked"
wait_for '"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --only >"$TMP/result" 2>&1' 30
wait_for '[ "$(cat "$DB" "$DB-wal" | wc -c)" -le 1000000 ]' 15
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$said; $(cat "$TMP/result")"
