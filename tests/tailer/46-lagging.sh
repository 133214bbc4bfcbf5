#!/bin/sh
# RT4: rotated, packed and unlinked while the daemon lags behind: because its spool is full,
# because it stands still (SIGSTOP), because it is killed while the packer is at work. The
# rest comes from the open fd or the packed file, whole, once, and no packed byte as text.
. "$(dirname "$0")/lib.sh"

sources() { mail_source; }
export STATE='max_size: 1MiB' PLAN="@$TMP/plan"
next=1
more() {
	put "$LOGS/mail.log" $next "$1"
	next=$((next + $1))
}
settled() {
	settle
	"$BOUNCEFEED" status -c "$RUN/c.yaml" >"$RUN/status"
	grep -qE '[1-9][0-9]* bad' "$RUN/status" && fail "$MODE: $(cat "$RUN/status")"
}
: >"$TMP/plan"

new_run "spool full"
more 100
run_daemon
caught_up
echo all:503 >"$TMP/plan"
more 20000
wait_for 'grep -q event=spool-full "$TMP/daemon.log"' 30
mv "$LOGS/mail.log" "$LOGS/mail.log.1"
gzip "$LOGS/mail.log.1"
more 500
sleep 2
: >"$TMP/plan"
settled

new_run "standing still"
more 100
run_daemon
caught_up
kill -STOP "$DAEMON_PID"
for n in 3 2 1; do
	more 3000
	mv "$LOGS/mail.log" "$LOGS/mail.log.$n"
	[ $n != 2 ] || zstd -q --rm "$LOGS/mail.log.$n"
	[ $n = 2 ] || gzip "$LOGS/mail.log.$n"
done
more 100
kill -CONT "$DAEMON_PID"
settled

# the packer writes slowly and unlinks the plain file at its end, as gzip and zstd do
slowly() { # FROM TO
	"$E2E/trickle.py" --chunk 1 "$1" "$2" &
	packer=$!
	started $packer
}
for suffix in gz zst; do
	new_run "killed while it is packed, .$suffix"
	more 100
	run_daemon
	caught_up
	stored "$RUN/state.db"
	kill -STOP "$DAEMON_PID"
	more 5000
	mv "$LOGS/mail.log" "$LOGS/mail.log.1"
	if [ $suffix = gz ]; then
		gzip -k "$LOGS/mail.log.1"
	else
		zstd -q -k "$LOGS/mail.log.1"
	fi
	mv "$LOGS/mail.log.1.$suffix" "$RUN/packed"
	more 100
	slowly "$RUN/packed" "$LOGS/mail.log.1.$suffix"
	crash
	run_daemon
	sleep 0.3
	crash
	wait $packer || fail "the packer"
	forget $packer
	rm "$LOGS/mail.log.1"
	run_daemon
	settled
done
pass "$RESULT"
