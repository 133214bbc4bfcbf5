#!/bin/sh
# RT13: the backend takes 50 ms for each request and falls behind; rotated twice meanwhile.
. "$(dirname "$0")/lib.sh"

export PLAN=slow:1:50 BATCH='{max_events: 40, linger: 20ms}' ROTATIONS=2
sources() { mail_source; }
begin() {
	rules create 'rotate 30' "$(hup)"
	write --file "$LOGS/mail.log" --rate 1000
}
rotate() { logrotate_now; }
modes running killed down
