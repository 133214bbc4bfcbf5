#!/bin/sh
# What Debian does with mail.log: a real rsyslogd writes, logrotate renames, sends HUP in
# postrotate and packs the last but one.
. "$(dirname "$0")/lib.sh"

sources() { mail_source; }
begin() {
	run_rsyslogd
	rules 'rotate 30' notifempty compress delaycompress sharedscripts "$(hup "$RUN/rsyslogd.pid")"
	write --syslog "$RUN/log.sock"
}
rotate() { logrotate_now; }
after() { stop "$RSYSLOGD"; }
modes running killed down
