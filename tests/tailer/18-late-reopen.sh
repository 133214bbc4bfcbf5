#!/bin/sh
# Renamed and created, and the writer goes on in the old file for a while after its HUP, as
# one that is busy does: old and new file grow one after the other, old ones are packed only
# when they are older. Then a writer that opens its file for each write, and logrotate
# creates none.
. "$(dirname "$0")/lib.sh"

export NAP=0.9 ROTATIONS=3
sources() { mail_source; }
begin() {
	rules $CREATE compress delaycompress 'rotate 30' "$(hup)"
	# shellcheck disable=SC2086 # words
	write --file "$LOGS/mail.log" $WRITES
}
rotate() { logrotate_now; }
CREATE=create WRITES='--delay 0.6'
play running killed down
CREATE=nocreate WRITES='--open each'
play killed
pass "$RESULT"
