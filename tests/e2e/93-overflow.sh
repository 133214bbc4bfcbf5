#!/bin/sh
# The queue of inotify overflows (case IN10): the daemon is stopped while more happens than the
# kernel keeps events for; the one that says so leads to a look at everything, nothing is lost.
# The queue is made short by fs.inotify.max_queued_events where that can be written, else
# a preloaded read() loses the events.
. "$(dirname "$0")/lib.sh"

LIMIT=/proc/sys/fs/inotify/max_queued_events
start_backend
mkdir "$TMP/in" "$TMP/logs"
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, start: beginning, path: $TMP/in/acct.csv}
  - {name: q, format: pmta, start: beginning, path: "$TMP/in/new/*/acct.csv"}
  - {name: m, format: maillog, start: beginning, path: $TMP/logs/mail.log}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
write() { # FILE COUNT FIRST [OPTION...]
	file=$1 n=$2 first=$3
	shift 3
	"$E2E/writer.py" --file "$file" --list "$TMP/written" --count "$n" --first "$first" "$@"
}
arrived='"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --one-key --only \
	--db "$TMP/state.db" >"$TMP/result" 2>&1'

old=$(cat $LIMIT)
preload=
if { echo 16 >$LIMIT; } 2>/dev/null; then
	restore() { # read when the queue is made: the daemon has its own by then
		[ "$(cat $LIMIT)" != 16 ] || echo "$old" >$LIMIT
	}
	leave() {
		rc=$?
		restore
		(exit $rc)
		cleanup
	}
	trap leave EXIT
else
	restore() { :; }
	"${CC:-cc}" -D_GNU_SOURCE -O1 -fPIC -shared -o "$TMP/inotify.so" "$E2E/inotify.c" -ldl ||
		fail "inotify.c does not compile"
	san=$(ldd "$BOUNCEFEED" | awk '/libasan/ { print $3 }')
	preload="${san:+$san }$TMP/inotify.so"
fi
LD_PRELOAD=$preload INOTIFY_FLAG=$TMP/flag "$BOUNCEFEED" run -c "$TMP/c.yaml" 2>>"$TMP/daemon.log" &
DAEMON_PID=$!
started $DAEMON_PID
wait_for 'grep -q event=started "$TMP/daemon.log"' 10
restore
write "$TMP/in/acct.csv" 100 1
write "$TMP/logs/mail.log" 100 1001 --format postfix --tag m
wait_for "$arrived" 15

first=2001
for round in 1 2 3; do
	kill -STOP "$DAEMON_PID"
	: >"$TMP/flag"
	# noise in the directories that are watched: 16 events are kept
	for i in 1 2 3 4 5 6 7 8 9 10; do
		: >"$TMP/in/noise$i"
		: >"$TMP/logs/noise$i"
		rm "$TMP/in/noise$i" "$TMP/logs/noise$i"
	done
	write "$TMP/in/acct.csv" 300 $first --rotations 3 --rename "{file}.$round.{n}"
	write "$TMP/logs/mail.log" 300 $((first + 300)) --rotations 3 --format postfix --tag m \
		--rename "{file}.$round.{n}"
	mkdir -p "$TMP/in/new/$round"
	write "$TMP/in/new/$round/acct.csv" 100 $((first + 600))
	first=$((first + 700))
	kill -CONT "$DAEMON_PID"
	wait_for "$arrived" 20
	rm "$TMP/flag"
done
# and events are believed again
write "$TMP/in/acct.csv" 10 $first
wait_for "$arrived" 15
stored "$TMP/state.db"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
eval "$arrived" || fail "$(cat "$TMP/result")"
pass "${preload:+(preloaded) }$(cat "$TMP/result")"
