#!/bin/sh
# The disk of the state file fails: writes, syncs, reads, with EIO, EROFS (a file system that
# goes read only under us) and writes that end in the middle (cases RES3, CK2, CK6). It is
# told, the daemon lives on, and when the disk works again nothing is lost or doubled; a kill -9
# while it fails costs at most a repetition under the same key.
. "$(dirname "$0")/lib.sh"

command -v "${CC:-cc}" >/dev/null || {
	echo "$NAME: skipped: no C compiler" >&2
	exit 0
}
"${CC:-cc}" -O1 -fPIC -shared -o "$TMP/eio.so" "$E2E/eio.c" -ldl || fail "eio.c"
mkdir "$TMP/state"
start_backend --plan slow:1:10
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
outputs:
  - name: o
    url: $BACKEND_URL
    batch: {max_events: 50, linger: 10ms}
    retry: {min: 20ms, max: 200ms}
    concurrency: 2
state: {path: $TMP/state/state.db, min_free: 1MiB}
EOF
preload=$(ldd "$BOUNCEFEED" | awk '/libasan/ { print $3 }')
start_failing() {
	LD_PRELOAD="${preload:+$preload }$TMP/eio.so" EIO_FLAG=$TMP/flag EIO_PATH=$TMP/state/ \
		"$BOUNCEFEED" run -c "$TMP/c.yaml" >>"$TMP/daemon.out" 2>>"$TMP/daemon.log" &
	DAEMON_PID=$!
	started $DAEMON_PID
}
arrived='"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --only --one-key ${repeats-} >"$TMP/result" 2>&1'

start_failing
first=1
write() { # COUNT SECONDS
	"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --first $first \
		--count "$1" --seconds "$2"
	first=$((first + $1))
}
write 500 0
wait_for "$arrived" 10
for how in "5 write" "5 sync" "30 write" "28 short" "5 read" "5 all"; do
	echo "$how" >"$TMP/flag.new"
	mv "$TMP/flag.new" "$TMP/flag"
	lines=$(wc -l <"$TMP/daemon.log")
	write 600 2
	kill -0 "$DAEMON_PID" 2>/dev/null || fail "$how: the daemon ended by itself"
	rm "$TMP/flag"
	told=$(($(wc -l <"$TMP/daemon.log") - lines))
	[ "$how" = "5 read" ] || [ $told -ge 1 ] || fail "$how: nothing is told"
	[ $told -le 6 ] || fail "$how: $told lines in 2 s: $(tail -n 3 "$TMP/daemon.log")"
	said="${said:+$said, }$how: $told lines"
	wait_for "$arrived" 10
done

# killed while it fails
# shellcheck disable=SC2034 # wait_for evaluates it
repeats=--allow-repeats
for how in "5 sync" "5 write" "28 short"; do
	echo "$how" >"$TMP/flag.new"
	mv "$TMP/flag.new" "$TMP/flag"
	write 300 0.5
	kill9 "$DAEMON_PID"
	rm "$TMP/flag"
	start_failing
done
wait_for "$arrived" 15
sleep 0.3
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --only --one-key --allow-repeats \
	--db "$TMP/state/state.db" >"$TMP/result" 2>&1 || fail "$(cat "$TMP/result")"
pass "$said; $(cat "$TMP/result")"
