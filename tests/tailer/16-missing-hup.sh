#!/bin/sh
# logrotate renames and creates, and the HUP for the real rsyslogd is missing for a minute: it
# goes on in the old files, of which one has a name that the source knows and one is out of
# its sight. Beside them a file that is renamed out of sight while its writer is quiet for
# long, but never for the grace time (30 s): it is drained, its last record too, which lacks
# its line end, and then let go.
. "$(dirname "$0")/lib.sh"

sources() {
	mail_source
	echo "  - {name: o, format: postfix, path: $LOGS/other.log, archive: $RUN/none, start: beginning}"
	echo "  - {name: q, format: pmta, path: $LOGS/quiet.csv, archive: $RUN/none, start: beginning}"
}
new_run "a minute without HUP"
run_rsyslogd
rules create 'rotate 3'
write --syslog "$RUN/log.sock" --rate 300
OTHER=
"$TAILER/writer.py" --list "$RUN/list" --syslog "$RUN/log.sock" --pri 142 --tag o- --rate 300 &
OTHER=$!
started $OTHER
put "$LOGS/quiet.csv" 3000001 10 --format pmta
run_daemon
arrived 100
sleep 0.5
for f in "$LOGS"/*; do [ -s "$f" ] || fail "$f is empty"; done

begun=$(date +%s)
until_second() {
	while [ "$(date +%s)" -lt $((begun + $1)) ]; do sleep 0.2; done
}
mv "$LOGS/quiet.csv" "$AWAY/quiet"
logrotate_now
mv "$LOGS/other.log.1" "$AWAY/other"
put "$AWAY/quiet" 3000011 10 --format pmta
until_second 22
put "$AWAY/quiet" 3000021 9 --format pmta
# and one more without its line end
cp "$RUN/list" "$RUN/list.saved"
put "$RUN/last" 3000030 1 --format pmta
sed 1d "$RUN/last" | head -c -1 >>"$AWAY/quiet"
until_second 45
find "/proc/$DAEMON_PID/fd" -lname "$AWAY/quiet" | grep -q . || fail "let go too early"
until_second 62
find "/proc/$DAEMON_PID/fd" -lname "$AWAY/quiet" | grep -q . && fail "not let go"
find "/proc/$DAEMON_PID/fd" -lname "$AWAY/other" | grep -q . || fail "the old file is not open"
[ -s "$LOGS/mail.log" ] && fail "rsyslogd has opened the new file by itself"
kill -HUP "$RSYSLOGD"
wait_for '[ -s "$LOGS/mail.log" ] && [ -s "$LOGS/other.log" ]' 10
sleep 1
stop $OTHER
settle
stop "$RSYSLOGD"
pass "$RESULT"
