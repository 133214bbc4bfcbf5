#!/bin/sh
# RT14: 1000 files of 220 records each, written by turns, and logrotate -f in the middle.
# LINES=1100 is the full size (two minutes on two busy cores).
. "$(dirname "$0")/lib.sh"

FILES=${FILES:-1000} LINES=${LINES:-220}
export BATCH='{max_events: 5000, linger: 50ms}'
sources() { echo "  - {name: m, format: postfix, path: '$LOGS/*.log', start: beginning}"; }
new_run "$FILES files"
rules create 'rotate 3'
write --many "$LOGS" --files "$FILES" --count $((FILES * LINES)) --rate 0
run_daemon
wait_for '[ "$(cat "$RUN/list" 2>/dev/null | wc -l)" -ge $((FILES * LINES / 2)) ]' 100
logrotate_now
wait_writer
settle 100
[ "$(find "$LOGS" -name '*.1' | wc -l)" = "$FILES" ] || fail "not all were rotated"
pass "$RESULT"
