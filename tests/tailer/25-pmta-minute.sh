#!/bin/sh
# PowerMTA for SECONDS (60 is the full size) at 1,700 rows a second: dated names, a new file by size,
# by command and at midnight, move-to by rename, the number NNNN used again after a move,
# writes that end anywhere, inside quotes, too; the daemon is killed by -9 at random moments.
. "$(dirname "$0")/lib.sh"

SECONDS_OF_IT=${SECONDS_OF_IT:-12}
export BATCH='{max_events: 1000, linger: 20ms}'
sources() { pmta_source "archive: $AWAY"; }
new_run "$SECONDS_OF_IT s, killed"
write --pmta "$LOGS" --format pmta --torn --max-size 200000 --move-to "$AWAY" --order move \
	--restart --rate 1700 --count $((SECONDS_OF_IT * 1700))
run_daemon
kills=0
until=$(($(date +%s) + SECONDS_OF_IT))
while [ "$(date +%s)" -lt $until ]; do
	sleep "1.$(($(od -An -N2 -tu2 /dev/urandom) % 1000))"
	kill -HUP "$WRITER" 2>/dev/null
	moment
	crash
	kills=$((kills + 1))
	run_daemon
done
wait_writer
settle 60
pass "$RESULT; $kills kills, $(find "$AWAY" "$LOGS" -type f | wc -l) files"
