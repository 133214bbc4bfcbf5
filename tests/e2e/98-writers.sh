#!/bin/sh
# The tailer races with four writers (case IN7): four processes on one file, a record a write, with
# rotations under way; four more on a file each, whose writes end anywhere in a record. Every row
# comes whole and once; none is bad. RACE_SECONDS (20) makes it longer.
. "$(dirname "$0")/lib.sh"

RACE_SECONDS=${RACE_SECONDS:-20}
start_backend
mkdir "$TMP/in"
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: one, format: pmta, start: beginning, path: "$TMP/in/one.csv"}
  - {name: four, format: pmta, start: beginning, path: "$TMP/in/f*.csv"}
  - {name: mail, format: maillog, start: beginning, path: "$TMP/in/mail.log"}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 20ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
start_daemon "$TMP/c.yaml"
writers=
"$E2E/appender.py" --file "$TMP/in/one.csv" --list "$TMP/list.one" --writers 4 \
	--seconds "$RACE_SECONDS" --rotate $((RACE_SECONDS / 3)) &
writers="$writers $!"
started $!
for n in 1 2 3 4; do
	format=pmta file=$TMP/in/f$n.csv
	[ $n != 4 ] || format=postfix file=$TMP/in/mail.log
	"$E2E/writer.py" --file "$file" --list "$TMP/list.$n" --tag t$n --seed $n --format $format \
		--count $((RACE_SECONDS * 200)) --seconds "$RACE_SECONDS" --rotations $((RACE_SECONDS / 4)) &
	writers="$writers $!"
	started $!
done
for pid in $writers; do
	wait "$pid" || fail "a writer ended with $?"
	forget "$pid"
done
cat "$TMP/list".* >"$TMP/written"
wait_for '"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --one-key --only \
	--db "$TMP/state.db" >"$TMP/result" 2>&1' 40
sleep 1.5 # places are stored
"$BOUNCEFEED" status -c "$TMP/c.yaml" >"$TMP/status" || fail "status: $?"
! grep "[1-9][0-9]* bad record" "$TMP/status" || fail "rows were bad: $(cat "$TMP/status")"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$(cat "$TMP/result")"
