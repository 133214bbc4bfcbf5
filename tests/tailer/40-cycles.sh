#!/bin/sh
# RT3: 500 times rename and create, 20 ms apart, under load: every generation is read from
# the names that the source knows. Then 200 times out of its sight, as soon as all was seen.
. "$(dirname "$0")/lib.sh"

sources() { mail_source; }
cycles() { # NAME OPTION...
	new_run "$1"
	shift
	put "$LOGS/mail.log" 1000000 1
	run_daemon
	arrived 1
	rm "$LOGS/mail.log"
	write --cycle "$LOGS/mail.log" --ms 20 --turns-max "${CYCLES:-500}" "$@"
	wait_writer
	caught_up
	settle
}
cycles "renamed in sight" --how rename
cycles "renamed out of sight" --how rename --to "$TMP/2/away/{n}" --turns-max 200 \
	--after "$TMP/2/backend.log"
pass "$RESULT"
