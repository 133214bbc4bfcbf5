#!/bin/sh
# RT1, RT13: after a restart the files are looked over, and between that look and the opening
# of one of them it is renamed and begun anew (a preloaded open does that). The name stands
# for another file then: the known one goes on where it stood, nothing is read twice.
. "$(dirname "$0")/lib.sh"

cc -D_GNU_SOURCE -O2 -fPIC -shared -o "$TMP/rename_at_open.so" "$E2E/rename_at_open.c" -ldl ||
	fail "rename_at_open.c does not compile"
# a sanitizer's library wants to be the first
SAN=$(ldd "$BOUNCEFEED" | awk '$1 ~ /^libasan/ { print $3 }')
start_backend
mkdir "$TMP/logs"
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/logs/bounces.csv, start: beginning}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
write() { # FILE COUNT FIRST
	"$E2E/writer.py" --file "$1" --list "$TMP/written" --count "$2" --first "$3"
}
came='"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --one-key --only \
	--db "$TMP/state.db" >"$TMP/result" 2>&1'
arrived() { # COUNT
	wait_for '[ "$("$E2E/recipients.py" "$BACKEND_LOG" | sort -u | wc -l)" -ge '"$1"' ]' 10
}
write "$TMP/logs/bounces.csv" 100 1
start_daemon "$TMP/c.yaml"
arrived 100
stored "$TMP/state.db"
kill9 "$DAEMON_PID"
first=101
for round in 1 2 3; do
	write "$TMP/logs/bounces.csv" 10 $first
	write "$TMP/next" 10 $((first + 10))
	first=$((first + 20))
	LD_PRELOAD="${SAN:+$SAN:}$TMP/rename_at_open.so" RENAME_PATH=$TMP/logs/bounces.csv \
		RENAME_WHEN=$TMP/next "$BOUNCEFEED" run -c "$TMP/c.yaml" 2>>"$TMP/daemon.log" &
	DAEMON_PID=$!
	started $DAEMON_PID
	wait_for '[ ! -e "$TMP/next" ]' 5
	arrived $((first - 1))
	sleep 0.5
	stop "$DAEMON_PID"
	[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
	eval "$came" || fail "round $round: $(cat "$TMP/result")"
	mv "$TMP/logs/bounces.csv.1" "$TMP/logs/bounces.csv.$((round + 1))"
done
pass "$round rotations in a scan, $(cat "$TMP/result")"
