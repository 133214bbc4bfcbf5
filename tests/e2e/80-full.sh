#!/bin/sh
# A spool that is full: reading stops, delivery goes on, nothing is lost, and a backend that
# is down does not stop one that is up.
. "$(dirname "$0")/lib.sh"

start_backend
UP=$BACKEND_URL
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
outputs:
  - {name: up, url: "$UP", batch: {linger: 10ms}}
  - name: down
    url: http://127.0.0.1:9/
    select: {type: [bounce], reason: [mailbox_full]}
    batch: {linger: 10ms}
    retry: {min: 1h, max: 1h}
state: {path: $TMP/state.db, max_size: 1MiB, min_free: 1MiB}
EOF
start_daemon "$TMP/c.yaml"
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --count 1
echo 'b,2026-03-02 08:00:00+0000,s@lists.example.com,full@example.net,5.2.2,452 4.2.2 full,quota-issues,9' >>"$TMP/bounces.csv"
echo full@example.net >>"$TMP/written"
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --count 40000 --first 10
wait_for '"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" >/dev/null 2>&1' 60
size=$(cat "$TMP"/state.db "$TMP"/state.db-wal | wc -c)
[ "$size" -lt 8000000 ] || fail "the state file has $size bytes"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$("$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --only), state file $size bytes"
