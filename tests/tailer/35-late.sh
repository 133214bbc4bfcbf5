#!/bin/sh
# Directories that appear later: of a plain path, several levels deep; one that a glob in
# the middle of a path finds; one that is deleted and made again, or renamed and made again; the
# directory of a link's target. Each within 10 s, not at the next full minute.
. "$(dirname "$0")/lib.sh"

sources() {
	for p in "$RUN/deep/er/mail.log" "$RUN/*/mail.glob" "$LOGS/mail.log" "$RUN/link"; do
		echo "  - {name: s$((n += 1)), format: postfix, path: '$p', start: beginning}"
	done
}
next=1
more() { # FILE TEXT: 10 records, which must arrive soon
	step "$2"
	put "$1" $next 10
	next=$((next + 10))
	caught_up 10
}
new_run late
mkdir "$RUN/real"
: >"$RUN/real/one"
ln -s real/one "$RUN/link"
run_daemon
more "$LOGS/mail.log" "a plain path"
mkdir -p "$RUN/deep/er"
more "$RUN/deep/er/mail.log" "deep directories"
mkdir "$RUN/sub"
sleep 1
more "$RUN/sub/mail.glob" "a directory that the glob finds"
mkdir "$RUN/sub2"
more "$RUN/sub2/mail.glob" "another one, at once"
rm -r "$LOGS"
sleep 1
mkdir "$LOGS"
more "$LOGS/mail.log" "deleted and made again"
mv "$LOGS" "$RUN/logs.old"
mkdir "$LOGS"
more "$LOGS/mail.log" "renamed and made again"
rm -r "$RUN/deep"
sleep 1
mkdir -p "$RUN/deep/er"
more "$RUN/deep/er/mail.log" "deep ones made again"
more "$RUN/real/one" "behind a link"
mv "$RUN/real/one" "$RUN/real/one.1"
more "$RUN/real/one" "behind a link, renamed and made anew"
settle
pass "$RESULT"
