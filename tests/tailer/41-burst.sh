#!/bin/sh
# RT5: a burst without pause, renamed and made anew when half of it is written. ROWS=1000000 is
# the full size. Then a quarter of it, and the daemon is killed twice meanwhile.
. "$(dirname "$0")/lib.sh"

ROWS=${ROWS:-200000}
sources() { pmta_source; }
export BATCH='{max_events: 2000, linger: 20ms}'
for MODE in ${MODES:-running killed}; do
	[ "$MODE" = running ] || ROWS=$((ROWS / 4))
	new_run
	put "$LOGS/bounces.csv" 5000000 1 --format pmta
	run_daemon
	arrived 1
	(
		put "$LOGS/bounces.csv" 1 $((ROWS / 2)) --format pmta --torn
		mv "$LOGS/bounces.csv" "$LOGS/bounces.csv.1"
		put "$LOGS/bounces.csv" $((ROWS / 2 + 1)) $((ROWS / 2)) --format pmta --torn
	) &
	burst=$!
	if [ "$MODE" = killed ]; then
		wait_for '[ -e "$LOGS/bounces.csv.1" ]' 60
		crash
		run_daemon
		moment
		crash
		run_daemon
	fi
	wait $burst || fail "the burst"
	settle 110
done
pass "$RESULT"
