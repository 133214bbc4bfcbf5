#!/bin/sh
# RT11, RT16: a glob that catches the live file, the rotated ones and their .gz: each record
# once; a file renamed within the glob is not read again and costs nothing (under 5 % CPU).
. "$(dirname "$0")/lib.sh"

sources() { echo "  - {name: p, format: pmta, path: '$LOGS/*.csv*', start: beginning}"; }
begin() {
	export WHAT="$LOGS/bounces.csv"
	rules create compress delaycompress 'rotate 30' "$(hup)"
	write --file "$LOGS/bounces.csv" --format pmta --torn
}
rotate() { logrotate_now; }
ticks() { awk '{ print $14 + $15 }' "/proc/$DAEMON_PID/stat"; }
play killed down

new_run renamed
put "$LOGS/a.csv" 1 50000 --format pmta
put "$LOGS/b.csv" 100001 100 --format pmta
run_daemon
caught_up
n=$(requests)
mv "$LOGS/a.csv" "$LOGS/c.csv"
sleep 1
mv "$LOGS/b.csv" "$LOGS/a.csv"
before=$(ticks)
sleep 3
spent=$(($(ticks) - before))
[ $spent -lt 15 ] || fail "$spent ticks of CPU in 3 s"
[ "$(requests)" = "$n" ] || fail "$(($(requests) - n)) requests after a rename"
put "$LOGS/c.csv" 200001 10 --format pmta
put "$LOGS/a.csv" 300001 10 --format pmta
settle
say "$MODE: $spent ticks in 3 s"
pass "$RESULT"
