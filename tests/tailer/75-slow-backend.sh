#!/bin/sh
# A backlog of which every record is wanted, beside a live file, and a backend that is slower
# than the reading, so that the spool grows. The live file is still read within 5 s (its
# records are in the spool, safe from what happens to the file), with batches so small that each chunk of
# the backlog fills the spool several times, too. What is in the spool arrives in its order: the
# delay of that is the backend's, and is said.
#
# BACKLOG_MB=N: how large (8; with small batches 2/5 of it).
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tailer/scale.sh
. "$(dirname "$0")/scale.sh"

BACKLOG_MB=${BACKLOG_MB:-8}
mkdir "$TMP/logs"
said=
# part NAME SOURCES MEGABYTES MAX_EVENTS PLAN TIME
part() {
	rm -f "$DB"* "$TMP"/logs/* "$TMP/written" "$BACKEND_LOG"
	start_backend --plan "$5"
	count=$(($3 * 1048576 / 118))
	{ echo "$HEADER"; rows 1 $count old; } >"$TMP/logs/old.csv"
	awk -v n=$count 'BEGIN { for (i = 1; i <= n; i++) printf "old%06d\n", i }' >"$TMP/written"
	echo "$HEADER" >"$TMP/logs/live.csv"
	touch -d "$6" "$TMP/logs/live.csv" # its turn comes before the other's, or after it
	cat >"$TMP/c.yaml" <<EOC
sources:
$2
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 100ms, max_events: $4}}
state: {path: $DB, min_free: 1MiB}
EOC
	start_daemon "$TMP/c.yaml"
	looked 1
	"$SCALE/lag.py" --db "$DB" --live "$TMP/logs/live.csv" --other "$TMP/logs/old.csv" \
		--list "$TMP/written" >"$TMP/lag" 2>"$TMP/lag.err" || fail "$1: $(cat "$TMP/lag.err"), $(figures)"
	read -r took live worst <"$TMP/lag"
	queued=$("$E2E/state.py" "$DB" sum batch count)
	rss=$(rss_kib)
	begin=$(date +%s)
	each_once "$TMP/written" "$1" 80
	said="$said $1: $count records read in $took s, the slowest of $live live ones after $worst ms; $queued queued then, delivered $(($(date +%s) - begin)) s later, RSS $rss KiB;"
	[ "$worst" -le 5000 ] || fail "$said over 5 s"
	# what waits for all of the backlog would be over 5 s with a larger one
	[ "$worst" -le 1000 ] || awk "BEGIN { exit !($worst < $took * 500) }" ||
		fail "$said it waited for the backlog"
	stop "$DAEMON_PID"
	[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
	stop "$BACKEND_PID"
}
one="  - {name: p, format: pmta, path: '$TMP/logs/*.csv', start: beginning}"
two="  - {name: a, format: pmta, path: '$TMP/logs/live.csv', start: beginning}
  - {name: b, format: pmta, path: '$TMP/logs/old.csv', start: beginning}"
small=$((BACKLOG_MB * 2 / 5))
part "one source" "$one" "$BACKLOG_MB" 500 slow:1:20 now
part "two sources, small batches" "$two" $small 10 "" now
part "one source, small batches" "$one" $small 10 "" now
part "one source, small batches, the other way round" "$one" $small 10 "" yesterday
pass "${said# }"
