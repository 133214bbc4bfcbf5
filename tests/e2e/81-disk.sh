#!/bin/sh
# The disk of the state file is full (cases RES3): in the middle of reading and delivering, at
# the start, with and without a reserve (state.min_free). It is told, what is there is kept,
# delivery goes on, what was accepted is not posted again and again, and when room comes back
# nothing is lost and nothing is doubled. A file system that is read only at the start is told.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" = 0 ] || {
	echo "$NAME: skipped: mount needs root" >&2
	exit 0
}
mkdir "$TMP/disk"
mount -t tmpfs -o size=6m tmpfs "$TMP/disk" || {
	echo "$NAME: skipped: no tmpfs can be mounted here" >&2
	exit 0
}
leave() {
	rc=$?
	for pid in $PIDS; do # they hold the disk
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	umount "$TMP/disk"
	(exit $rc)
	cleanup
}
trap leave EXIT

fill() {
	cat /dev/zero >"$TMP/disk/junk" 2>/dev/null
	# what the daemon gives up is taken, too
	while [ -e "$TMP/filling" ]; do
		cat /dev/zero 2>/dev/null >>"$TMP/disk/junk"
		sleep 0.2
	done &
	FILLER=$!
	started $FILLER
}

room() {
	rm -f "$TMP/filling"
	wait $FILLER
	forget $FILLER
	rm "$TMP/disk/junk"
}

arrived='"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --only --one-key >"$TMP/result" 2>&1'

# the most requests with one key
repeats() {
	sed 's/.*"key": "\([0-9a-f]*\)".*/\1/' "$BACKEND_LOG" | sort | uniq -c | sort -rn |
		awk 'NR == 1 { print $1 }'
}

# full NAME MIN_FREE: filled up while there is much to read and to deliver
full() {
	rm -rf "$TMP/disk/"* "$TMP/written" "$TMP/bounces.csv" "$BACKEND_LOG"
	: >"$TMP/daemon.log"
	echo slow:1:30 >"$TMP/plan"
	start_backend --plan "@$TMP/plan"
	cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
outputs:
  - name: o
    url: $BACKEND_URL
    batch: {max_events: 50, linger: 10ms}
    retry: {min: 20ms, max: 200ms}
    concurrency: 2
state: {path: $TMP/disk/state.db, min_free: $2}
EOF
	start_daemon "$TMP/c.yaml"
	"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --count 15000 --seconds 6 &
	WRITER=$!
	started $WRITER
	wait_for '[ "$(requests)" -ge 15 ]' 10
	: >"$TMP/filling"
	fill
	wait_for 'grep -q "event=commit-failed\|event=spool-full" "$TMP/daemon.log"' 10
	before=$(requests)
	sleep 4
	during=$(($(requests) - before))
	twice=$(repeats)
	[ "$twice" -le 1 ] || fail "$1: one batch was posted $twice times on a full disk"
	kill -0 "$DAEMON_PID" 2>/dev/null || fail "$1: the daemon ended by itself"
	lines=$(grep -c "event=commit-failed\|event=state-file\|event=spool-full" "$TMP/daemon.log")
	"$BOUNCEFEED" status -c "$TMP/c.yaml" >"$TMP/status" 2>&1 || true
	[ -s "$TMP/status" ] || fail "$1: status says nothing on a full disk"
	room
	wait $WRITER || fail "the writer failed"
	forget $WRITER
	wait_for "$arrived" 20
	grep -q "event=commit-works-again\|event=spool-has-room" "$TMP/daemon.log" ||
		fail "$1: nobody says that it goes on"
	said="${said:+$said; }$1: $during requests in 4 s, $lines lines in the log"
	[ "$lines" -le 3 ] || fail "$said: too many"
	wait_for '[ "$("$E2E/state.py" "$TMP/disk/state.db" standing)" = empty ]' 5
	stop "$DAEMON_PID"
	[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
	eval "$arrived" || fail "$1: $(cat "$TMP/result")"
	stop "$BACKEND_PID"
}

# starts NAME CODE TEXT: the daemon does not start, with that code, and says why
starts() {
	rc=0
	timeout 5 "$BOUNCEFEED" run -c "$TMP/c.yaml" >"$TMP/out" 2>&1 || rc=$?
	[ $rc = "$2" ] || fail "$1: exit $rc, not $2: $(cat "$TMP/out")"
	grep -q -i -e "$3" "$TMP/out" || fail "$1: says $(cat "$TMP/out")"
}

full "no reserve" 0
full "reserve" 1MiB

# full at the start: a new state file; one that is there; one whose log a kill -9 left
rm -rf "$TMP/disk/"*
cat /dev/zero >"$TMP/disk/junk" 2>/dev/null
starts "full, no state file" 75 "full\|no space"
rm "$TMP/disk/"*
sed -i 's/min_free: .*}/min_free: 0}/' "$TMP/c.yaml"
start_daemon "$TMP/c.yaml"
wait_for '[ -e "$TMP/disk/state.db-wal" ]' 5
stop "$DAEMON_PID"
cat /dev/zero >"$TMP/disk/junk" 2>/dev/null
starts "full, a state file" 75 "full\|no space"
rm "$TMP/disk/junk"
start_daemon "$TMP/c.yaml"
wait_for '[ -e "$TMP/disk/state.db-wal" ]' 5
sleep 0.5
kill9 "$DAEMON_PID"
cat /dev/zero >"$TMP/disk/junk" 2>/dev/null
rc=0
timeout 2 "$BOUNCEFEED" run -c "$TMP/c.yaml" >"$TMP/out" 2>&1 || rc=$?
# it may run (124) where what the kill left has room enough
[ $rc = 75 ] || [ $rc = 124 ] || fail "full, after a kill -9: exit $rc: $(cat "$TMP/out")"

# read only
mount -o remount,ro "$TMP/disk" || fail "cannot be made read only"
starts "read only" 74 "read-only\|readonly\|read only"
mount -o remount,rw "$TMP/disk"
pass "$said; $(cat "$TMP/result")"
