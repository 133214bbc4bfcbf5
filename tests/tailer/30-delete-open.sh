#!/bin/sh
# RT17: deleted while its writer has it open, which goes on in it for a while: read through
# the open fd to the end, and through the grace time. Then 100 times deleted and made anew under
# the same name: each content once, no old one again.
. "$(dirname "$0")/lib.sh"

sources() { pmta_source; }
begin() { write --file "$LOGS/bounces.csv" --format pmta --torn --delay 0.4; }
rotate() { # the writer notices late
	n=$(cat "$RUN/turns" 2>/dev/null || echo 0)
	rm "$LOGS/bounces.csv"
	kill -HUP "$WRITER"
	turned $((n + 1))
}
play running

new_run "100 times"
run_daemon
put "$LOGS/other" 1000000 1 --format pmta
mv "$LOGS/other" "$LOGS/bounces.csv"
arrived 1
rm "$LOGS/bounces.csv"
write --cycle "$LOGS/bounces.csv" --how delete --ms 20 --turns-max 100 --format pmta \
	--after "$BACKEND_LOG"
wait_writer
settle

# killed meanwhile, when nothing stands in a deleted file only
new_run killed
put "$LOGS/bounces.csv" 1000000 1 --format pmta
run_daemon
arrived 1
rm "$LOGS/bounces.csv"
write --cycle "$LOGS/bounces.csv" --how delete --ms 200 --turns-max 15 --format pmta \
	--after "$BACKEND_LOG"
for nap in 0.6 0.4 0.7 0.2 0.5 0.3; do
	sleep $nap
	crash
	run_daemon
done
wait_writer
settle
pass "$RESULT"
