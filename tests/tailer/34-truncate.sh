#!/bin/sh
# Truncated in place, and written anew: to less than was read, to more (RT7, RT9), while the
# daemon looks, while it stands still (SIGSTOP) and while it is down; with a copy in the
# archive (RT9) and without. RT8: overwritten every 10 records at random moments: what is left
# for long enough is read, no record is made of two halves.
. "$(dirname "$0")/lib.sh"

sources() { mail_source; }
stand() { kill -STOP "$DAEMON_PID"; }
go_on() { kill -CONT "$DAEMON_PID"; }
new_run "in place"
next=1
more() { # COUNT [FILE]
	put "${2:-$LOGS/mail.log}" $next "$1"
	next=$((next + $1))
}
more 100
run_daemon
for how in "look look" "stand go_on" "crash run_daemon"; do
	before=${how% *} after=${how#* }
	for count in 20 700; do
		step "$how, $count records after 100"
		look() { :; }
		caught_up 10
		$before
		: >"$LOGS/mail.log"
		more "$count"
		$after
		caught_up 10
		step "$how, copied out, $count records after 100"
		$before
		more 50
		cp "$LOGS/mail.log" "$LOGS/mail.log.$next"
		: >"$LOGS/mail.log"
		more "$count"
		$after
		caught_up 10
		: >"$LOGS/mail.log"
		more 100
		# what was not stored when it is truncated is gone: not so here
		caught_up 10
		stored "$RUN/state.db"
	done
done
settle

export MAY=yes
new_run "overwritten every 10"
write --overwrite "$LOGS/mail.log" --every 10 --may "$RUN/may" --rate 500 \
	--after "$BACKEND_LOG"
run_daemon
sleep 9
settle
pass "$RESULT"
