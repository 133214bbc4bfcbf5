#!/bin/sh
# Records that are not whole yet, or never will be: written byte by byte (case IN3), without a line
# end at a rotation, at a deletion, with the line end coming later (case IN4), behind a hole
# that a crash left (NUL padding). Each comes once and whole.
. "$(dirname "$0")/lib.sh"

HEADER=type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat
row() {
	echo "b,2026-03-02 08:00:00+0000,s@lists.example.com,$1@example.net,5.1.1,\"smtp;550 5.1.1 no, $1\",bad-mailbox"
}
line() {
	echo "2026-03-02T08:00:00.000000+00:00 mx1 postfix/smtp[1]: 4AAAAA: to=<$1@example.net>, relay=mx[192.0.2.25]:25, delay=0.3, delays=0.1/0/0.1/0.1, dsn=5.1.1, status=bounced (host mx[192.0.2.25] said: 550 5.1.1 no $1)"
}
cut_row() { # NAME: without its line end
	row "$1" | tr -d '\n'
}
: >"$TMP/want"
wants() { # NAME...: those have to come, each once
	printf '%s\n' "$@" >>"$TMP/want"
}
came() { # SECONDS: all that is wanted has come
	wait_for '[ "$("$E2E/recipients.py" "$BACKEND_LOG" | sort -u | wc -l)" -ge '"$(wc -l <"$TMP/want")"' ]' "$1"
	only "$2"
}
only() { # NAME OF THE STEP: that and nothing else
	"$E2E/recipients.py" "$BACKEND_LOG" | sort >"$TMP/got"
	sort "$TMP/want" | cmp -s - "$TMP/got" || fail "$1: $(sort "$TMP/want" | diff - "$TMP/got")"
}
start_backend
mkdir "$TMP/in"
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, start: beginning, path: "$TMP/in/*.csv", archive: "$TMP/in/*.csv.1"}
  - {name: m, format: maillog, start: beginning, path: "$TMP/in/*.log", archive: "$TMP/in/*.log.1"}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 50ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
start_daemon "$TMP/c.yaml"
for f in trickle renamed deleted soon late stays hole grown; do
	{ echo $HEADER; row $f; } >"$TMP/in/$f.csv"
	wants $f
done
for f in mtrickle mrenamed mhole; do
	line $f >"$TMP/in/$f.log"
	wants $f
done
came 15 "at first"

# --- IN4: the last record has no line end
for f in renamed deleted soon late stays; do
	cut_row $f-last >>"$TMP/in/$f.csv"
done
line mrenamed-last | tr -d '\n' >>"$TMP/in/mrenamed.log"
sleep 0.5
only "without a line end"
mv "$TMP/in/renamed.csv" "$TMP/in/renamed.csv.1"
mv "$TMP/in/soon.csv" "$TMP/in/soon.csv.1"
mv "$TMP/in/late.csv" "$TMP/in/late.csv.1"
mv "$TMP/in/mrenamed.log" "$TMP/in/mrenamed.log.1"
rm "$TMP/in/deleted.csv"
for f in renamed deleted soon late; do # the next file, as after each rotation
	{ echo $HEADER; row $f-next; } >"$TMP/in/$f.csv"
	wants $f-next
done
moved=$(date +%s)
came 15 "the next files"
{ echo; row soon-more; } >>"$TMP/in/soon.csv.1" # its writer still has it open
wants soon-last soon-more
came 15 "a line end soon after the rotation"

# --- IN3: byte by byte over 3 s, linger 50 ms
row trickled >"$TMP/row"
line mtrickled >"$TMP/line"
/usr/bin/python3 - "$TMP/row" "$TMP/in/trickle.csv" "$TMP/line" "$TMP/in/mtrickle.log" <<'END'
import os, sys, time
pairs = [(open(sys.argv[i], "rb").read(), os.open(sys.argv[i + 1], os.O_WRONLY | os.O_APPEND))
         for i in (1, 3)]
longest = max(len(data) for data, _ in pairs)
for at in range(longest):
    for data, fd in pairs:
        os.write(fd, data[at:at + 1])
    time.sleep(3 / longest)
END
wants trickled mtrickled
came 15 "byte by byte"

# --- a crash of the machine: the size is on disk, the bytes are not; records go on behind
truncate -s +3000 "$TMP/in/hole.csv"
truncate -s +3000 "$TMP/in/mhole.log"
sleep 0.3
{ row hole-first; row hole-second; } >>"$TMP/in/hole.csv"
{ line mhole-first; line mhole-second; } >>"$TMP/in/mhole.log"
# the same in the middle of a record, which is lost; its neighbours are not
cut_row grown-torn | head -c 60 >>"$TMP/in/grown.csv"
truncate -s +70000 "$TMP/in/grown.csv"
{ echo; row grown-first; row grown-second; } >>"$TMP/in/grown.csv"
wants hole-first hole-second mhole-first mhole-second grown-first grown-second
came 15 "behind a hole"

# --- IN4 again: after the grace time of 30 s
wants renamed-last deleted-last late-last mrenamed-last
came $((45 - $(date +%s) + moved)) "after the grace time"
{ echo; row late-more; } >>"$TMP/in/late.csv.1"
{ echo; row stays-more; } >>"$TMP/in/stays.csv"
wants late-more stays-last stays-more
came 75 "the line end after that" # a file that was closed is looked at by the safety rescan at last
stop "$DAEMON_PID"
start_daemon "$TMP/c.yaml"
row late-again >>"$TMP/in/late.csv.1"
wants late-again
came 15 "after a restart"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$(wc -l <"$TMP/want") records, each once"
