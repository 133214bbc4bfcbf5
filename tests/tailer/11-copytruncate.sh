#!/bin/sh
# RT6, RT10: logrotate's copytruncate under a writer that keeps its fd (O_APPEND): what is
# written goes on at the beginning, what was copied is read from the copy.
# What is written between the last read of the copy and the truncation is in no file then:
# only what on_disk.py found has to arrive, all else must be of a moment when logrotate ran.
. "$(dirname "$0")/lib.sh"

export DISK=yes
sources() { mail_source; }
begin() {
	rules copytruncate 'rotate 30'
	write --file "$LOGS/mail.log"
}
rotate() { logrotate_now; }
modes running killed down
