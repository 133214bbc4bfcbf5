#!/bin/sh
# RT6: a real rsyslogd under logrotate's copytruncate, dateext and compress. What rsyslogd
# writes between copy and truncation is lost, and a line may be torn there: only what is whole
# in a file afterwards has to arrive.
. "$(dirname "$0")/lib.sh"

export DISK=yes NAP=1.1 ROTATIONS=3
sources() { mail_source; }
begin() {
	run_rsyslogd
	rules 'rotate 30' copytruncate dateext 'dateformat -%Y%m%d-%s' compress delaycompress
	write --syslog "$RUN/log.sock"
}
rotate() { logrotate_now; }
after() { stop "$RSYSLOGD"; }
modes running killed down
