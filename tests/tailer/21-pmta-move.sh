#!/bin/sh
# RT12: PowerMTA's move-to: the finished file is renamed into another directory before
# (order: move) or after (create) the next one is made, with data in flight.
. "$(dirname "$0")/lib.sh"

sources() { pmta_source "archive: $AWAY"; }
begin() {
	write --pmta "$LOGS" --format pmta --torn --max-size 300000 --move-to "$AWAY" \
		--order "$ORDER" $RESTART
}
rotate() {
	n=$(cat "$RUN/turns" 2>/dev/null || echo 0)
	kill -HUP "$WRITER"
	turned $((n + 1))
}
ORDER=create RESTART=
play running killed down
ORDER=move RESTART=--restart
play running killed
pass "$RESULT"
