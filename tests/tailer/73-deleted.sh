#!/bin/sh
# Deleted files while the backend is away (case RES1). What is read goes into the spool, so deleted
# files are held open for their grace time only. Where the spool is full nothing is read, and
# those with unread records are held: no more than may be open (64), whatever is deleted
# meanwhile; all that they hold comes when there is room again, and then they are let go. What is
# written to a deleted file in its grace time comes, too.
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tailer/scale.sh
. "$(dirname "$0")/scale.sh"

FILES=100
start_backend
port=$BACKEND_PORT
stop "$BACKEND_PID"
mkdir "$TMP/logs"
cat >"$TMP/c.yaml" <<EOC
sources:
  - {name: p, format: pmta, path: "$TMP/logs/*.csv", start: beginning}
outputs:
  - {name: o, url: "$BACKEND_URL", max_size: 64KiB, batch: {linger: 10ms}, retry: {min: 10ms, max: 200ms}}
state: {path: $DB, min_free: 1MiB}
EOC
deleted() { # files that are open and deleted
	find "/proc/$DAEMON_PID/fd" -lname '*(deleted)' 2>/dev/null | wc -l
}
start_daemon "$TMP/c.yaml"
looked 1

# there is room: they are read
spread "$TMP/logs" $FILES room >>"$TMP/written"
wait_for '[ "$("$E2E/state.py" "$DB" sum batch count)" = $FILES ]' 20
# one whose writer goes on after it was deleted, while the daemon is busy with its tries
{ echo "$HEADER"; rows 1 1 early; } >"$TMP/logs/late.csv"
wait_for '[ "$("$E2E/state.py" "$DB" sum batch count)" = $((FILES + 1)) ]' 20
exec 9>>"$TMP/logs/late.csv"
rm "$TMP"/logs/*
wait_for '[ "$(rows_of file)" = $((FILES + 1)) ]' 5
sleep 2
rows 1 1 late >&9
exec 9>&-
printf 'early000001\nlate000001\n' >>"$TMP/written"
wait_for '[ "$("$E2E/state.py" "$DB" sum batch count)" = $((FILES + 2)) ]' 10
[ "$(deleted)" -le 64 ] || fail "$(deleted) deleted files are open"
said="with room $(deleted) deleted files open at first"
wait_for '[ "$(deleted)" = 0 ]' 45
said="$said, none after the grace time"

# there is none: fill it, then delete what is open and has something unread
{ echo "$HEADER"; rows 1 30000 fill; } >"$TMP/logs/fill.csv"
rows 1 30000 fill | awk -F'[,@]' '{ print $5 }' >>"$TMP/written"
wait_for 'grep -q "event=spool-full" "$TMP/daemon.log"' 20
n=0
while [ $n -lt 60 ]; do # these are not open, nobody reads them while there is no room
	n=$((n + 1))
	{ echo "$HEADER"; rows 1 5 "full${n}x"; } >"$TMP/logs/full$n.csv"
done
sleep 1
rm "$TMP/logs/fill.csv"
size=$(find -L "/proc/$DAEMON_PID/fd" -type f -links 0 -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }')
[ "$(deleted)" -le 64 ] || fail "$(deleted) deleted files are open"
said="$said; full: $(deleted) deleted file of $size bytes held"
rests 3 5
n=0
while [ $n -lt 60 ]; do # kept: they are read when there is room
	n=$((n + 1))
	rows 1 5 "full${n}x" | awk -F'[,@]' '{ print $5 }' >>"$TMP/written"
done
start_backend --port "$port"
each_once "$TMP/written" "when the backend is back" 60
[ "$(fds)" -le $((64 + 20)) ] || fail "$(figures)"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$said; $(wc -l <"$TMP/written") records, each once"
