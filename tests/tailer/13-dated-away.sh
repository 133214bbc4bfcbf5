#!/bin/sh
# logrotate with dateext, olddir, compress and delaycompress: rotated files have a date in
# their name and lie in another directory, all but the newest are packed there.
. "$(dirname "$0")/lib.sh"

export NAP=1.1 # the names have seconds
export ROTATIONS=3
sources() { mail_source "archive: $AWAY"; }
begin() {
	rules create dateext 'dateformat -%Y%m%d-%s' "olddir $AWAY" compress delaycompress \
		'rotate 30' "$(hup)"
	write --file "$LOGS/mail.log"
}
rotate() { logrotate_now; }
modes running killed down
