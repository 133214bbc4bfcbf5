#!/bin/sh
# RT2: a ring of names: an old file is renamed back onto the active path and goes on there.
# Both contents once, whether the daemon saw it or was down meanwhile.
. "$(dirname "$0")/lib.sh"

sources() { mail_source; }
ring() {
	cd "$LOGS" || fail cd
	$2
	mv mail.log mail.log.lo1
	put mail.log "$1" 300
	$3
	mv mail.log mail.log.lo2
	mv mail.log.lo1 mail.log
	put mail.log $(($1 + 1000)) 300
	put mail.log.lo2 $(($1 + 2000)) 5 # its writer had a little left
	$4
	mv mail.log mail.log.lo1
	mv mail.log.lo2 mail.log
	put mail.log $(($1 + 3000)) 300
	$5
	caught_up 10
}
new_run ring
put "$LOGS/mail.log" 1 300
run_daemon
ring 10001 caught_up caught_up caught_up caught_up
ring 20001 : : : :
ring 30001 crash : : run_daemon
ring 40001 caught_up crash run_daemon :
ring 50001 caught_up : crash run_daemon
settle
pass "$RESULT"
