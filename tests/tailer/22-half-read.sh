#!/bin/sh
# RT1: the daemon stands in the middle of file A (its spool is full, the backend is down) and
# is killed; A is renamed, moved into another directory, B is written: all of A, then B.
. "$(dirname "$0")/lib.sh"

ROWS=${ROWS:-20000}
sources() { pmta_source "archive: $AWAY"; }
export STATE='max_size: 1MiB' PLAN="@$TMP/plan"
echo all:503 >"$TMP/plan"
new_run "in the middle"
put "$LOGS/bounces.csv" 1 "$ROWS" --format pmta
run_daemon
wait_for 'grep -q event=spool-full "$TMP/daemon.log"' 30
crash
put "$LOGS/bounces.csv" 100001 100 --format pmta
mv "$LOGS/bounces.csv" "$LOGS/bounces.csv.1"
mv "$LOGS/bounces.csv.1" "$AWAY/a.csv"
put "$LOGS/bounces.csv" 200001 5000 --format pmta
: >"$TMP/plan"
run_daemon
settle
"$E2E/recipients.py" "$BACKEND_LOG" >"$RUN/order"
first_of_b=$(grep -n '^n2' "$RUN/order" | head -n 1 | cut -d: -f1)
[ "$(head -n 1 "$RUN/order")" = n000001 ] || fail "A does not come first"
say "B begins at event $first_of_b"
pass "$RESULT"
