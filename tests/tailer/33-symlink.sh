#!/bin/sh
# The configured path is a symbolic link: the link is set to a new file; the file behind it,
# in another directory, is renamed and made anew; the directory is a link.
. "$(dirname "$0")/lib.sh"

export NAP=0.7
sources() {
	mail_source "archive: ['$RUN/real/*.[0-9]*']"
	echo "  - {name: d, format: pmta, path: $RUN/dirlink/bounces.csv, start: beginning}"
}
next() { # the first number that no file has
	n=1
	while [ -e "$1.$n" ]; do n=$((n + 1)); done
	echo "$1.$n"
}
begin() {
	mkdir -p "$RUN/real" "$RUN/dir"
	ln -s dir "$RUN/dirlink"
	: >"$RUN/real/mail.0"
	ln -s ../real/mail.0 "$LOGS/mail.log"
	write --file "$LOGS/mail.log"
	put "$RUN/dir/bounces.csv" 500001 10 --format pmta
}
turn() {
	n=$(cat "$RUN/turns" 2>/dev/null || echo 0)
	kill -HUP "$WRITER"
	turned $((n + 1))
}
rotate() {
	if [ "$HOW" = relink ]; then
		new=$(next "$RUN/real/mail")
		: >"$new"
		ln -s "$new" "$LOGS/mail.log.new"
		mv "$LOGS/mail.log.new" "$LOGS/mail.log"
	else
		mv "$RUN/real/mail.0" "$(next "$RUN/real/mail.0")"
		: >"$RUN/real/mail.0"
	fi
	turn
	put "$RUN/dir/bounces.csv" "$(date +%s)0" 3 --format pmta
	mv "$RUN/dir/bounces.csv" "$(next "$RUN/dir/bounces.csv")"
	put "$RUN/dir/bounces.csv" "$(date +%s)5" 3 --format pmta
}
rotated() { find "$RUN/real" -type f ! -name mail.0; }
HOW=relink
play running killed
HOW=rename
play killed down
pass "$RESULT"
