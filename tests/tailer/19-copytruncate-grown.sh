#!/bin/sh
# RT6, RT7, RT10: logrotate's copytruncate when the daemon sees it late (SIGSTOP) or not at all
# (down), and the new content is shorter or has grown past the old offset; then a slow refill.
# And 50 times, under load.
. "$(dirname "$0")/lib.sh"

sources() { mail_source; }
next=1
more() {
	put "$LOGS/mail.log" $next "$1"
	next=$((next + $1))
}
stand() { kill -STOP "$DAEMON_PID"; }
go_on() { kill -CONT "$DAEMON_PID"; }
new_run "grown past"
rules copytruncate 'rotate 100' compress delaycompress
more 100
run_daemon
caught_up 10
for how in "stand go_on" "crash run_daemon"; do
	for count in 20 1000; do
		step "$how, $count records"
		${how% *}
		more 50
		logrotate_now
		more "$count"
		${how#* }
		caught_up 10
		step "$how, $count records, slow refill"
		for pause in 0.1 0.1 0.2 0.1 0; do
			more 1
			sleep $pause
		done
		caught_up 10
	done
done
settle

export DISK=yes ROTATIONS=50 NAP=0.05
begin() {
	rules copytruncate 'rotate 100'
	write --file "$LOGS/mail.log"
}
rotate() { logrotate_now; }
play running
pass "$RESULT"
