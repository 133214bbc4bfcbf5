#!/bin/sh
# Ten thousand rotations in a row (case CK8): every record arrives once, and neither fds nor
# memory nor the state file grow with their number. Files are deleted as soon as they have
# arrived, so their inodes are used again at once, with the same size and in the same tick
# of the clock (case ID1).
#
# ROTATIONS=N: how many in all (10000). RSS_KIB=N: by how much memory may grow (4096).
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tailer/scale.sh
. "$(dirname "$0")/scale.sh"

ROTATIONS=${ROTATIONS:-10000}
start_backend
mkdir "$TMP/logs"
cat >"$TMP/c.yaml" <<EOC
sources:
  - {name: p, format: pmta, path: $TMP/logs/bounces.csv, start: beginning}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 0}}
state: {path: $DB, min_free: 1MiB}
EOC
start_daemon "$TMP/c.yaml"
looked 1 # what lies in the archive before that is history
first=1
# rotate COUNT KEEP [OPTION]
rotate() {
	"$SCALE/rotator.py" --file "$TMP/logs/bounces.csv" --log "$BACKEND_LOG" \
		--list "$TMP/written" --first $first --count "$1" --keep "$2" ${3:+"$3"} \
		>>"$TMP/took" 2>"$TMP/rotator" ||
		fail "$1 rotations, $2 kept $*: $(cat "$TMP/rotator"), $(figures)"
	first=$((first + $1))
	rm -f "$TMP"/logs/*
}
part=$((ROTATIONS / 20))
rotate $((10 * part)) 20 # names that grow
early=$(rss_kib)
rotate $part 2
rotate $((4 * part)) 20 --shift # as logrotate does
rotate $part 1 --shift
rotate $((ROTATIONS - 16 * part)) 20
each_once "$TMP/written" rotations
grew=$(($(rss_kib) - early))
[ $grew -le "${RSS_KIB:-4096}" ] || fail "RSS grew by $grew KiB: $(figures)"
[ "$(rows_of file)" -le 1200 ] || fail "rows for files that are gone: $(figures)"
[ "$(fds)" -le $((64 + 20)) ] || fail "$(figures)"
# once the state file is tidied up it is small
wait_for '[ "$(state_kib)" -le 2048 ]' 20
said="$(xargs <"$TMP/took"); RSS grew by $grew KiB; $(figures)"
used=0
rests 3 2
# and a record still comes
{ echo "$HEADER"; rows 1 1 last; } >"$TMP/logs/bounces.csv"
echo last000001 >>"$TMP/written"
each_once "$TMP/written" "after that"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$said; at rest $used ticks in 3 s"
