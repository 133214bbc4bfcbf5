#!/bin/sh
# RT18: the path is not there for 5 s after each rotation, as with a writer that makes its file
# only when it has something to write. The old name is out of sight.
. "$(dirname "$0")/lib.sh"

export ROTATIONS=2
sources() { mail_source "archive: $AWAY/nothing"; }
begin() { write --file "$LOGS/mail.log" --delay 5; }
rotate() {
	n=$(cat "$RUN/turns" 2>/dev/null || echo 0)
	mv "$LOGS/mail.log" "$AWAY/mail.$n"
	kill -HUP "$WRITER"
	turned $((n + 1))
}
modes running
