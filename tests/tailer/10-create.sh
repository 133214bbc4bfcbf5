#!/bin/sh
# logrotate renames and creates, postrotate sends HUP to the writer: the old file is drained
# to its end, also by a daemon that was killed or down meanwhile.
. "$(dirname "$0")/lib.sh"

sources() { mail_source; }
begin() {
	rules create 'rotate 30' "$(hup)"
	write --file "$LOGS/mail.log"
}
rotate() { logrotate_now; }
modes running killed down
