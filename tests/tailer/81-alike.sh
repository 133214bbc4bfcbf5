#!/bin/sh
# Files that look alike are not one: 20 with the same header and the same first record (case
# ID3), 50 empty ones that get data (case IN14), which may be the same data. A file with its header only
# gives its first record within linger (case ID4). One that was short when the daemon stopped
# goes on where it was (case ID5).
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tailer/scale.sh
. "$(dirname "$0")/scale.sh"

start_backend
mkdir "$TMP/logs"
cat >"$TMP/c.yaml" <<EOC
sources:
  - {name: p, format: pmta, path: "$TMP/logs/*.csv", start: beginning}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 100ms}}
state: {path: $DB, min_free: 1MiB}
EOC
put() { # FILE TAG N: that many records more
	awk -v file="$TMP/logs/$1" -v list="$TMP/written" -v tag="$2" -v n="$3" 'BEGIN {
		for (i = 1; i <= n; i++) {
			printf "b,2026-03-02 08:00:00+0000,s@lists.example.com,%s%06d@example.net,5.1.1,smtp;550 5.1.1 no,bad-mailbox\n",
				tag, i >>file
			printf "%s%06d\n", tag, i >>list
		} }'
}
each() { # FROM TO COMMAND: with n as the number
	n=$1
	while [ "$n" -le "$2" ]; do
		eval "$3"
		n=$((n + 1))
	done
}
each 1 20 'echo "$HEADER" >"$TMP/logs/alike$n.csv"; put alike$n.csv same 1; put alike$n.csv alike${n}x 3'
start_daemon "$TMP/c.yaml"
each_once "$TMP/written" "20 files that begin alike"
each 1 20 'put alike$n.csv alike${n}y 2'
each_once "$TMP/written" "and they go on"
each 21 40 'echo "$HEADER" >"$TMP/logs/alike$n.csv"; put alike$n.csv same 1'
each_once "$TMP/written" "20 more while it runs, that hold nothing else"
each 21 40 'put alike$n.csv alike${n}x 2'
each_once "$TMP/written" "and they go on"
said="40 alike"

each 1 50 ': >"$TMP/logs/empty$n.csv"'
sleep 1
each 1 50 'echo "$HEADER" >>"$TMP/logs/empty$n.csv"; put empty$n.csv data 1'
each_once "$TMP/written" "50 empty files, the same data in each"
each 1 50 'put empty$n.csv empty${n}x 1'
each_once "$TMP/written" "and other data"
each 51 100 ': >"$TMP/logs/empty$n.csv"'
sleep 1
stop "$DAEMON_PID"
each 51 100 'echo "$HEADER" >>"$TMP/logs/empty$n.csv"; put empty$n.csv data 1'
start_daemon "$TMP/c.yaml"
each_once "$TMP/written" "50 more, filled while it was down"
said="$said, 100 empty ones"

# its header only, then one record
echo "$HEADER" >"$TMP/logs/header.csv"
sleep 1
sent=$(date +%s%N)
put header.csv small 1
wait_for '"$E2E/recipients.py" "$BACKEND_LOG" | grep -q small000001' 5
took=$((($(date +%s%N) - sent) / 1000000))
[ $took -le 2000 ] || fail "the first record after a header took $took ms with linger 100 ms"
said="$said; the first record after a header $took ms"

# 200 bytes, and 5 kB when it is started again
echo "$HEADER" >"$TMP/logs/short.csv"
put short.csv short 1
each_once "$TMP/written" "a short file"
size=$(stat -c %s "$TMP/logs/short.csv")
stop "$DAEMON_PID"
put short.csv grown 60
[ "$(stat -c %s "$TMP/logs/short.csv")" -ge 5000 ] || fail "it has not grown to 5 kB"
start_daemon "$TMP/c.yaml"
each_once "$TMP/written" "only what is new of the short file"
said="$said; from $size bytes to $(stat -c %s "$TMP/logs/short.csv")"
[ "$(rows_of bad)" = 0 ] || fail "$(rows_of bad) bad records"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$said"
