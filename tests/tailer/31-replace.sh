#!/bin/sh
# RT15: a new file that has its first records already is renamed onto the old one, which is
# gone from every directory then: the new one from its beginning, the old one to its end.
. "$(dirname "$0")/lib.sh"

sources() { pmta_source; }
for MODE in 1200ms 300ms; do
	new_run
	put "$LOGS/bounces.csv" 1000000 1 --format pmta
	run_daemon
	arrived 1
	rm "$LOGS/bounces.csv"
	write --cycle "$LOGS/bounces.csv" --how replace --ms "${MODE%ms}" --turns-max 3 --format pmta --rate 3000
	wait_writer
	settle
done

# killed while a writer replaces: it waits until all has arrived before it unlinks the last place
# where that stands
new_run killed
put "$LOGS/bounces.csv" 1000000 1 --format pmta
run_daemon
arrived 1
rm "$LOGS/bounces.csv"
write --cycle "$LOGS/bounces.csv" --how replace --ms 300 --turns-max 12 --format pmta \
	--after "$BACKEND_LOG"
for nap in 0.6 0.4 0.7 0.2 0.5 0.3; do
	sleep $nap
	crash
	run_daemon
done
wait_writer
settle

# down: what was replaced meanwhile is gone; what is there is read from its beginning
new_run down
put "$LOGS/bounces.csv" 1 100 --format pmta
run_daemon
caught_up
crash
for n in 1 2 3; do
	cp "$RUN/list" "$RUN/list.saved"
	put "$RUN/next" $((n * 1000)) $((n * 50)) --format pmta
	mv "$RUN/next" "$LOGS/bounces.csv"
	[ $n = 3 ] || cp "$RUN/list.saved" "$RUN/list"
done
run_daemon
settle
pass "$RESULT"
