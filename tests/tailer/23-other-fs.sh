#!/bin/sh
# Moved to another file system, as mv does: copied and unlinked, with the time of the original. A
# copy in the making is not read twice, whatever happens to the daemon meanwhile.
. "$(dirname "$0")/lib.sh"

other=$(mktemp -d /dev/shm/bouncefeed.XXXXXX) || fail "no other file system"
leave() {
	rc=$?
	rm -rf "$other"
	(exit $rc)
	cleanup
}
trap leave EXIT
sources() { pmta_source "archive: $AWAY"; }
begin() {
	rmdir "$AWAY"
	mkdir "$other/$RUNS"
	ln -s "$other/$RUNS" "$AWAY"
	write --file "$LOGS/bounces.csv" --format pmta --torn
}
rotate() {
	n=$(cat "$RUN/turns" 2>/dev/null || echo 0)
	mv "$LOGS/bounces.csv" "$LOGS/old"
	kill -HUP "$WRITER"
	turned $((n + 1))
	mv "$LOGS/old" "$AWAY/bounces.$n"
}
rotated() { find "$AWAY/" -type f; }
pack() {
	# shellcheck disable=SC2012,SC2046 # names are ours
	gzip "$(ls -t $(rotated) | sed -n 2p)"
}
modes running killed down
