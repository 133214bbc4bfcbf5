#!/bin/sh
# 2,000 files in one glob: all of them read, rotated in the middle, deleted; no record is lost,
# no fd or row is left behind, and with nothing to do there is nothing done. What it costs
# when each of them is written to now and then is measured.
#
# FILES=N: how many (2000). RSS_KIB=N: by how much memory may grow (8192).
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tailer/scale.sh
. "$(dirname "$0")/scale.sh"

FILES=${FILES:-2000}
start_backend
mkdir "$TMP/logs"
cat >"$TMP/c.yaml" <<EOC
sources:
  - {name: p, format: pmta, path: "$TMP/logs/*.csv", start: beginning}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $DB, min_free: 1MiB}
EOC
# round N: each file gets a record; says how long it took to arrive and what CPU
round() {
	before=$(ticks) begin=$(date +%s%N)
	spread "$TMP/logs" "$FILES" "r$1x" >>"$TMP/written"
	each_once "$TMP/written" "round $1"
	said="$said round $1: $((($(date +%s%N) - begin) / 1000000)) ms, $(($(ticks) - before)) ticks;"
}
said=
start_daemon "$TMP/c.yaml"
looked 1
round 1
round 2
round 3
rests 3 2
stop "$DAEMON_PID"
spread "$TMP/logs" "$FILES" r4x >>"$TMP/written"
start_daemon "$TMP/c.yaml"
each_once "$TMP/written" "added while down"
rss=$(rss_kib)
# every second one is rotated, and a new one begins
before=$(ticks)
"$SCALE/drip.py" rename "$TMP/logs" "$FILES" 2 2
said="$said $((FILES / 2)) renames in 2 s: $(($(ticks) - before)) ticks;"
round 5
rm "$TMP"/logs/*.csv.1
# one after the other, most of them closed: no scan of all for each
before=$(ticks)
"$SCALE/drip.py" append "$TMP/logs" "$FILES" dx 4 >>"$TMP/written"
each_once "$TMP/written" "one after the other"
said="$said $FILES writes in 4 s: $(($(ticks) - before)) ticks;"
round 6
grew=$(($(rss_kib) - rss))
[ $grew -le "${RSS_KIB:-8192}" ] || fail "RSS grew by $grew KiB: $(figures)"
[ "$(fds)" -le $((64 + 20)) ] || fail "$(figures)"
rests 3 4
rm "$TMP"/logs/*
FILES=1
round 7
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$(wc -l <"$TMP/written") records, each once;$said RSS grew by $grew KiB"
