#!/bin/sh
# What must not be taken for a new file, and what must not be left behind: a file that
# cannot be opened for a while, a copy beside the original, a move to another file system, a
# row torn inside quotes with good rows behind it, more files than may be open, a spool
# that one dead backend has filled.
. "$(dirname "$0")/lib.sh"

HEADER=type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat
rows() { # FROM TO
	awk -v a="$1" -v b="$2" 'BEGIN { for (n = a; n <= b; n++)
		printf "b,2026-03-02 08:00:00+0000,s@lists.example.com,n%06d@example.net,5.1.1,smtp;550 5.1.1 no,bad-mailbox\n", n }'
}
# came NAME COUNT: that many events have arrived, each once
came() {
	wait_for '[ "$("$E2E/recipients.py" "$BACKEND_LOG" | wc -l)" -ge '"$2"' ]' 20
	sleep 0.5
	"$E2E/recipients.py" "$BACKEND_LOG" >"$TMP/got"
	[ "$(wc -l <"$TMP/got")" = "$2" ] || fail "$1: $(wc -l <"$TMP/got") events, want $2"
	[ "$(sort -u "$TMP/got" | wc -l)" = "$2" ] || fail "$1: some came twice"
}
start_backend
mkdir "$TMP/in" "$TMP/acct"
other=$(mktemp -d /dev/shm/bouncefeed.XXXXXX) || fail "no other file system"
cat >"$TMP/c.yaml" <<EOF
sources:
  - name: p
    format: pmta
    path: ["$TMP/in/bounces.csv", "$TMP/in/other.csv", "$TMP/in/torn.csv"]
    archive: ["$TMP/in/*.bak", "$other", "$TMP/in/*.done"]
    start: beginning
  - {name: many, format: pmta, path: "$TMP/acct/*.csv", start: beginning}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
{ echo $HEADER; rows 1 1000; } >"$TMP/in/bounces.csv"
start_daemon "$TMP/c.yaml"
came "at first" 1000
cp "$TMP/in/bounces.csv" "$TMP/in/bounces.csv.bak"
came "a copy beside it" 1000
rows 1001 1500 >>"$TMP/in/bounces.csv"
came "and it grows" 1500
mv "$TMP/in/bounces.csv" "$other/bounces-1.csv"
{ echo $HEADER; rows 1501 1600; } >"$TMP/in/bounces.csv"
came "moved to another file system" 1600
stop "$DAEMON_PID"
mv "$TMP/in/bounces.csv" "$other/bounces-2.csv"
rows 1601 1700 >>"$other/bounces-2.csv"
start_daemon "$TMP/c.yaml"
came "moved there while the daemon was down" 1700
rm -rf "$other"

# more files than may be open at once
n=0
while [ $n -lt 300 ]; do
	{ echo $HEADER; rows $((10000 + n)) $((10000 + n)); } >"$TMP/acct/f$n.csv"
	n=$((n + 1))
done
came "300 files at once" 2000
open=$(find "/proc/$DAEMON_PID/fd" -lname "$TMP/acct/*" | wc -l)
[ "$open" -le 64 ] || fail "$open of them are open"

# files that have only begun, more than may be open: nothing to do, and nothing is done
n=0
while [ $n -lt 70 ]; do
	{ echo $HEADER; rows 1 1 | head -c 30; } >"$TMP/acct/begun$n.csv"
	n=$((n + 1))
done
sleep 2
ticks() { awk '{ print $14 + $15 }' "/proc/$DAEMON_PID/stat"; }
before=$(ticks)
sleep 3
after=$(ticks)
[ $((after - before)) -le 10 ] || fail "$((after - before)) ticks of CPU in 3 s with nothing to do"
n=0
while [ $n -lt 70 ]; do
	rows $((20000 + n)) $((20000 + n)) >"$TMP/row"
	first=$(rows 1 1 | head -c 30)
	rest=$(cat "$TMP/row")
	echo "${rest#"$first"}" >>"$TMP/acct/begun$n.csv"
	n=$((n + 1))
done
came "and they go on" 2070

# torn inside quotes, no quote behind it, then rotated away: its neighbours come after the
# grace time
{
	echo $HEADER
	rows 3001 3001
	echo 'b,2026-03-02 08:00:00+0000,s@lists.example.com,torn@example.net,5.1.1,"smtp;550 5.1'
	rows 3002 3004
} >"$TMP/in/torn.csv"
came "before the torn row" 2071
# the same in a dated file, when PowerMTA has gone on to the next one
sed 's/n003/n004/' "$TMP/in/torn.csv" >"$TMP/in/torn-2026-03-01-0001.csv"
came "before the torn row of a dated file" 2072
{ echo $HEADER; rows 4005 4005; } >"$TMP/in/torn-2026-03-01-0002.csv"
came "in the next dated file" 2073
mv "$TMP/in/torn.csv" "$TMP/in/torn.csv.done"
wait_for '"$E2E/recipients.py" "$BACKEND_LOG" | grep -q n003004' 45
wait_for '"$E2E/recipients.py" "$BACKEND_LOG" | grep -q n004004' 45
came "behind the torn rows" 2079
"$BOUNCEFEED" status -c "$TMP/c.yaml" >"$TMP/status" || fail "status: $?"
grep -q "2 bad records" "$TMP/status" || fail "the torn rows are not counted: $(cat "$TMP/status")"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$(wc -l <"$TMP/got") events, each once"
