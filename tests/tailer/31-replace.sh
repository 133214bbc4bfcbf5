#!/bin/sh
# RT15: a new file that has its first records already is renamed onto the old one, which is
# gone from every directory then: the new one from its beginning, the old one to its end.
. "$(dirname "$0")/lib.sh"

sources() { pmta_source; }
for MODE in 2500ms 300ms; do
	new_run
	put "$LOGS/bounces.csv" 1000000 1 --format pmta
	run_daemon
	arrived 1
	rm "$LOGS/bounces.csv"
	write --cycle "$LOGS/bounces.csv" --how replace --ms ${MODE%ms} --turns-max 3 --format pmta --rate 3000
	wait_writer
	settle
done
pass "$RESULT"
