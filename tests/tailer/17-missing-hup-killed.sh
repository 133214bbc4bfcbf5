#!/bin/sh
# The HUP for the real rsyslogd is missing for a minute, and the daemon is killed meanwhile,
# down for a while, killed again; delaycompress packs what is older.
. "$(dirname "$0")/lib.sh"

sources() { mail_source; }
new_run "a minute without HUP, killed"
run_rsyslogd
rules create compress delaycompress 'rotate 9'
write --syslog "$RUN/log.sock" --rate 400
run_daemon
arrived 100
logrotate_now
kill -HUP "$RSYSLOGD"
sleep 1
logrotate_now
for nap in 8 14 1 20; do
	sleep $nap
	crash
	[ $nap != 14 ] || sleep 5
	run_daemon
done
sleep 14
[ -s "$LOGS/mail.log" ] && fail "rsyslogd has opened the new file by itself"
kill -HUP "$RSYSLOGD"
wait_for '[ -s "$LOGS/mail.log" ]' 10
sleep 1
settle
stop "$RSYSLOGD"
pass "$RESULT"
