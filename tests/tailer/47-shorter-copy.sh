#!/bin/sh
# A copy that is shorter than what was read, since its writer went on between copy and truncation (RT6, RT9):
# packed, it is that still, and nothing of it comes again. Its writer's next file is read.
. "$(dirname "$0")/lib.sh"

sources() { mail_source; }
for packer in "gzip -c" "zstd -qc"; do
	new_run "$packer"
	put "$LOGS/mail.log" 1 100
	run_daemon
	caught_up 10
	head -n 90 "$LOGS/mail.log" >"$LOGS/mail.log.1"
	: >"$LOGS/mail.log"
	put "$LOGS/mail.log" 201 100
	caught_up 10
	suffix=gz
	[ "$packer" = "gzip -c" ] || suffix=zst
	$packer "$LOGS/mail.log.1" >"$LOGS/mail.log.1.$suffix"
	rm "$LOGS/mail.log.1"
	sleep 3
	put "$LOGS/mail.log" 401 100
	settle
done
pass "$RESULT"
