#!/bin/sh
# The move from Logstash: its positions are taken over and nothing is repeated or skipped: a
# live file, a rotated one, one that was truncated, one that is new; offsets inside of a
# record; a mail log whose earlier lines explain later ones. What cannot be taken is told.
. "$(dirname "$0")/lib.sh"

cat >"$TMP/make.py" <<'EOF'
"""make.py FILE TAG COUNT: records with line breaks in quotes; their ends on stdout"""
import sys
path, tag, count = sys.argv[1:]
at = 0
with open(path, "wb") as f:
    at += f.write(b"type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat\n")
    for n in range(1, int(count) + 1):
        at += f.write(b'b,2026-03-02 08:00:00+0000,s@lists.example.com,%s%d@example.net,5.1.1,'
                      b'"smtp;550 5.1.1 ""no"", user\r\n unknown%s",bad-mailbox\n'
                      % (tag.encode(), n, b"\n" * (n % 3)))
        print(at)
EOF
# st_dev as JRuby writes it: BSD's major and minor
device() {
	dev=$(stat -c %d "$1")
	echo "$((dev >> 24 & 0xff)) $((dev & 0xffffff))"
}
entry() { # FILE OFFSET: as Logstash 5 and later write it
	echo "$(stat -c %i "$1") $(device "$1") $2 $(date +%s.%N) $1"
}
arrived() { # ends when all are there, and nothing else
	wait_for '"$E2E/recipients.py" "$BACKEND_LOG" 2>/dev/null | sort >"$TMP/got"; [ "$(wc -l <"$TMP/got")" -ge '"$(wc -l <"$TMP/want")"' ]' 10
	sleep 0.3
	"$E2E/recipients.py" "$BACKEND_LOG" | sort >"$TMP/got"
	sort "$TMP/want" | cmp -s - "$TMP/got" ||
		fail "$1: $(sort "$TMP/want" | diff - "$TMP/got" | head)"
}
# import WANTED-EXIT [OPTION...]: what it says is in $TMP/said
import() {
	want=$1 rc=0
	shift
	"$BOUNCEFEED" import-sincedb -c "$TMP/c.yaml" "$@" >"$TMP/said" 2>"$TMP/err" || rc=$?
	[ $rc = "$want" ] || fail "import: exit $rc, want $want: $(cat "$TMP/said" "$TMP/err")"
}
says() {
	grep -qF -e "$1" "$TMP/said" || fail "import does not say \"$1\": $(cat "$TMP/said" "$TMP/err")"
}
# deliver NAME: runs until what is in $TMP/want has arrived
deliver() {
	rm -f "$BACKEND_LOG"
	start_backend --port "$BACKEND_PORT"
	start_daemon "$TMP/c.yaml"
	arrived "$1"
	stop "$DAEMON_PID"
	[ "$STOPPED" = 0 ] || fail "$1: the daemon ended with $STOPPED"
	kill9 "$BACKEND_PID"
}
start_backend
kill9 "$BACKEND_PID"
mkdir "$TMP/acct" "$TMP/done"
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: "$TMP/acct/bounces.csv", archive: $TMP/done}
  - {name: other, path: "$TMP/other.csv"}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF

# a sample as they are, with lines that are broken
cd "$TMP/acct" || fail cd
/usr/bin/python3 "$TMP/make.py" bounces-2026-03-01-0000.csv r 40 >"$TMP/ends.r"
/usr/bin/python3 "$TMP/make.py" bounces-2026-03-01-0001.csv l 60 >"$TMP/ends.l"
/usr/bin/python3 "$TMP/make.py" bounces-2026-03-01-0002.csv t 3 >"$TMP/ends.t"
/usr/bin/python3 "$TMP/make.py" bounces-2026-02-01-0000.csv old 5 >/dev/null
/usr/bin/python3 "$TMP/make.py" ../done/bounces-2026-02-01-0001.csv history 5 >/dev/null
/usr/bin/python3 "$TMP/make.py" ../other.csv other 5 >/dev/null
touch -d '3 weeks ago' bounces-2026-02-01-0000.csv ../done/bounces-2026-02-01-0001.csv
rotated=$TMP/acct/bounces-2026-03-01-0000.csv live=$TMP/acct/bounces-2026-03-01-0001.csv
cut=$TMP/acct/bounces-2026-03-01-0002.csv
{
	entry "$rotated" "$(sed -n 30p "$TMP/ends.r")"
	echo "14 0 64785 0 1527120059.182281 /folder/file1.log"
	entry "$live" "$(sed -n 20p "$TMP/ends.l")"
	echo
	entry "$cut" 4711
	echo "1048593 0 64785 640205159"
	echo "5391299 1 4"
	echo "99999999999999999999999 1 4 12"
	printf '5391299 1 4 \00012\n'
	printf '%s 0 0 12' "$(stat -c %i "$live")"
} >"$TMP/sincedb"
# Logstash is stopped: one file moves to the archive, another one begins and moves, too,
# before the next one begins
mv "$rotated" "$TMP/done/"
/usr/bin/python3 "$TMP/make.py" ../done/bounces-2026-03-01-0003.csv moved 4 >/dev/null
/usr/bin/python3 "$TMP/make.py" bounces-2026-03-02-0000.csv new 5 >/dev/null
rc=0
"$BOUNCEFEED" import-sincedb -c "$TMP/c.yaml" "$TMP/not-there" 2>/dev/null || rc=$?
[ $rc = 66 ] || fail "no such sincedb: exit $rc, want 66"
import 65 "$TMP/sincedb"
says "line 1: taken: source p, $TMP/done/bounces-2026-03-01-0000.csv, at $(sed -n 30p "$TMP/ends.r")"
says "line 2: not taken: inode 14, /folder/file1.log, at 0: no file of the sources has this inode"
says "line 3: taken: source p, $live, at $(sed -n 20p "$TMP/ends.l")"
says "line 5: not taken: source p, $cut, at 4711: the file is shorter"
says "line 6: not taken: inode 1048593, at 640205159: no file"
says "line 7: not understood: it has less than four fields"
says "line 8: not understood: its inode is no number that fits"
says "line 9: not understood: there is a NUL byte in it"
says "line 10: not taken: source p, $live, at 12: another line is of the same file, line 3"
says "new since then: source p, $cut: is read from its beginning"
says "new since then: source p, $TMP/acct/bounces-2026-03-02-0000.csv: is read from its beginning"
says "new since then: source p, $TMP/done/bounces-2026-03-01-0003.csv: is read from its beginning"
says "source p: 1 file is not in the sincedb, and old: start: end"
says "source other: no position is of it: start: end"
says "2 taken, 4 not taken, 3 not understood"
{
	seq 31 40 | sed s/^/r/
	seq 21 60 | sed s/^/l/
	seq 1 3 | sed s/^/t/
	seq 1 4 | sed s/^/moved/
	seq 1 5 | sed s/^/new/
} >"$TMP/want"
deliver "a sincedb"

# its own positions are newer now; a daemon that runs has the state file
import 65 "$TMP/sincedb"
says "line 3: not taken: source p, $live, at $(sed -n 20p "$TMP/ends.l"): the state file has positions of this source"
start_daemon "$TMP/c.yaml"
wait_for '"$BOUNCEFEED" status -c "$TMP/c.yaml" >/dev/null 2>&1' 5
import 75 --force "$TMP/sincedb"
grep -q "$DAEMON_PID" "$TMP/err" || fail "it does not name the daemon: $(cat "$TMP/err")"
stop "$DAEMON_PID"
entry "$live" "$(sed -n 55p "$TMP/ends.l")" >"$TMP/sincedb"
import 0 --force "$TMP/sincedb"
seq 56 60 | sed s/^/l/ >"$TMP/want"
deliver "--force"

# at any offset: what ends behind it comes once, what ends before it does not
size=$(stat -c %s "$live")
for offset in 0 10 "$((size / 7))" "$((size / 3))" "$((size / 2 + 1))" "$((size - 1))"; do
	rm -f "$TMP"/state.db*
	entry "$live" "$offset" >"$TMP/sincedb"
	mv bounces-2026-03-02-0000.csv "$cut" "$TMP/" 2>/dev/null
	touch -d '1 hour ago' "$TMP"/done/*
	import 0 "$TMP/sincedb"
	awk -v o="$offset" '$1 > o { print "l" NR }' "$TMP/ends.l" >"$TMP/want"
	deliver "at $offset of $size"
done

# another device: only behind a line, and only where it is told
echo "$(stat -c %i "$live") 0 0 $(sed -n 59p "$TMP/ends.l")" >"$TMP/sincedb"
rm -f "$TMP"/state.db*
import 0 "$TMP/sincedb"
says "(on another device than 0 0, but the only file of inode"
echo l60 >"$TMP/want"
deliver "another device"
rm -f "$TMP"/state.db*
echo "$(stat -c %i "$live") 0 0 $(($(sed -n 59p "$TMP/ends.l") + 1))" >"$TMP/sincedb"
import 65 "$TMP/sincedb"
says "no line of the file ends there"
# an inode that was another file's when Logstash read it
if [ "$(stat -c %W "$live")" != 0 ]; then
	echo "$(stat -c %i "$live") $(device "$live") 100 1527120059.182281 $live" >"$TMP/sincedb"
	import 65 "$TMP/sincedb"
	says "the file is younger than the position"
fi

# a mail log: the sender stands before the position. Root becomes the state file's owner, in
# a place that he can get to, after the sincedb was read, which he cannot
PLACE=$(TMPDIR=/tmp mktemp -d) || fail "no place"
leave() {
	rc=$?
	rm -rf "$PLACE"
	(exit $rc)
	cleanup
}
trap leave EXIT
cat >"$TMP/c.yaml" <<EOF
sources: [{name: m, format: maillog, path: "$PLACE/mail.log"}]
outputs: [{name: o, url: "http://SINK/", batch: {linger: 10ms}}]
state: {path: $PLACE/state.db, min_free: 1MiB}
EOF
line() { echo "2026-03-02T08:00:0$1+00:00 mx1 postfix/$2"; }
bounced() { line "$1" "smtp[9]: 4CAFE: to=<$2@example.net>, relay=none, delay=1, delays=0/0/1/0, dsn=5.1.1, status=bounced (no)"; }
{
	line 1 'qmgr[7]: 4CAFE: from=<news@lists.example.com>, size=99, nrcpt=2 (queue active)'
	bounced 2 before
} >"$PLACE/mail.log"
entry "$PLACE/mail.log" "$(stat -c %s "$PLACE/mail.log")" >"$TMP/sincedb"
bounced 3 behind >>"$PLACE/mail.log"
"$BOUNCEFEED" sink --listen 127.0.0.1:0 >"$TMP/sink.out" 2>"$TMP/sink.err" &
started $!
wait_for 'grep -q "127.0.0.1:" "$TMP/sink.err"' 5
sed -i "s/SINK/$(grep -o '127.0.0.1:[0-9]*' "$TMP/sink.err" | head -n 1)/" "$TMP/c.yaml"
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$PLACE" && chown 65534:65534 "$PLACE"
	chmod 600 "$PLACE/mail.log"
	import 77 "$TMP/sincedb"
	grep -q "mail.log: Permission denied; nothing was taken" "$TMP/err" || fail "it says: $(cat "$TMP/err")"
	chown 65534:65534 "$PLACE/mail.log"
fi
import 0 "$TMP/sincedb"
[ "$(stat -c %u "$PLACE/state.db")" = "$(stat -c %u "$PLACE")" ] ||
	fail "the state file belongs to $(stat -c %U "$PLACE/state.db")"
start_daemon "$TMP/c.yaml"
wait_for '[ -s "$TMP/sink.out" ]' 6
bounced 4 later >>"$PLACE/mail.log"
wait_for '[ "$(wc -l <"$TMP/sink.out")" = 2 ]' 6
grep -q '"recipient":"before' "$TMP/sink.out" && fail "a mail log: repeated"
[ "$(grep -c '"sender":"news@lists.example.com"' "$TMP/sink.out")" = 2 ] ||
	fail "a mail log: no sender: $(cat "$TMP/sink.out")"
stop "$DAEMON_PID"
pass
