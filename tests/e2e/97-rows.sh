#!/bin/sh
# What stands in rows: quoted LF and CR LF, a quote that is open across two reads, two batches, a
# stop and a kill (case IN5); malformed rows with intact ones behind (case IN6); a BOM (case IN8);
# headers, which are never events, at a rotation and where reading goes on (case IN9).
. "$(dirname "$0")/lib.sh"

HEADER=type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat
row() { # NAME [DIAG]
	echo "b,2026-03-02 08:00:00+0000,s@lists.example.com,$1@example.net,5.1.1,${2:-no},bad-mailbox"
}
: >"$TMP/want"
wants() {
	printf '%s\n' "$@" >>"$TMP/want"
}
came() { # NAME: all that is wanted has come, each once, and nothing else
	wait_for '[ "$("$E2E/recipients.py" "$BACKEND_LOG" | sort -u | wc -l)" -ge '"$(wc -l <"$TMP/want")"' ]' 15
	"$E2E/recipients.py" "$BACKEND_LOG" | sort >"$TMP/got"
	sort "$TMP/want" | cmp -s - "$TMP/got" || fail "$1: $(sort "$TMP/want" | diff - "$TMP/got")"
}
bad() { # how many bad records are counted, stored
	"$BOUNCEFEED" status -c "$TMP/c.yaml" 2>&1 |
		awk '/bad record/ { for (i = 2; i <= NF; i++) if ($i ~ /^bad/) n += $(i - 1) } END { print n + 0 }'
}
start_backend
mkdir "$TMP/in"
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, start: beginning, path: "$TMP/in/*.csv", archive: "$TMP/in/*.csv.*"}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {max_events: 3, linger: 10ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
start_daemon "$TMP/c.yaml"

# --- IN5: line breaks in quotes
F=$TMP/in/quotes.csv
{
	echo $HEADER
	row lf "\"two
lines\""
	row crlf "$(printf '"two\r\nlines, ""quoted""\r\n"')"
	row looks-like-a-row "\"
b,2026-03-02 08:00:00+0000,s@lists.example.com,inner@example.net,5.1.1,no,bad-mailbox
$HEADER
\""
	row plain
} >"$F"
wants lf crlf looks-like-a-row plain
came "line breaks in quotes"
# open across two reads of 256 KiB, wherever they end
n=0
while [ $n -lt 6 ]; do
	row big$n "\"$(yes 'a
line' | head -c $((95000 + 331 * n)))
\"" >>"$TMP/big"
	wants big$n
	n=$((n + 1))
done
cat "$TMP/big" >>"$F"
came "open across two reads"
# open while the writer rests, across two batches: those before it are delivered meanwhile
n=0
for how in rest stop kill stop kill; do
	n=$((n + 1))
	row open$n "\"one
two, \"\"three\"\"
four\"" >"$TMP/row"
	row before$n >>"$F"
	wants before$n
	head -c $((70 + 5 * n)) "$TMP/row" >>"$F" # in the quote, behind a line break, in a pair of quotes
	came "$how, before it"
	case $how in
	rest) sleep 0.3 ;;
	stop)
		stop "$DAEMON_PID"
		start_daemon "$TMP/c.yaml"
		;;
	kill)
		stored "$TMP/state.db"
		kill9 "$DAEMON_PID"
		start_daemon "$TMP/c.yaml"
		;;
	esac
	tail -c +$((71 + 5 * n)) "$TMP/row" >>"$F"
	row after$n >>"$F"
	wants open$n after$n
	came "$how, in an open quote"
done
[ "$(bad)" = 0 ] || fail "$(bad) bad records in good rows"

# --- IN6: malformed rows, each with an intact one behind
F=$TMP/in/malformed.csv
{
	echo $HEADER
	row ok1
	row stray1 'no "quoted" text' # a stray quote in plain text is a character
	row ok2
	echo 'b,2026-03-02 08:00:00+0000,s@lists.example.com,bad1@example.net,5.1.1,"closed" too early,bad-mailbox'
	row ok3
	echo 'b,2026-03-02 08:00:00+0000,s@lists.example.com,bad2@example.net,5.1.1' # columns are missing
	row ok4
	echo 'b,2026-03-02 08:00:00+0000,s@lists.example.com,bad3@example.net,5.1.1,no,bad-mailbox,more,and,more'
	row ok5
	echo 'b,2026-03-02 08:00:00+0000,s@lists.example.com,bad4@example.net,5.1.1,"closed" ,bad-mailbox'
	row ok6
	printf 'b,2026-03-02 08:00:00+0000,s@lists.example.com,bad5@exa\n' # torn
	row ok7
	printf 'mple.net,5.1.1,no,bad-mailbox\n' # the other half of one
	row ok8
} >"$F"
wants ok1 stray1 ok2 ok3 ok4 ok5 ok6 ok7 ok8
came "malformed rows"
wait_for '[ "$(bad)" = 6 ]' 10

# --- IN8: a BOM belongs to no name
F=$TMP/in/bom.csv
{
	printf '\357\273\277%s\r\n' $HEADER
	row bom1
} >"$F"
wants bom1
came "a BOM"
row bom2 >>"$F"
wants bom2
came "a BOM, and on"

# --- IN9: headers
rm -f "$TMP/in/quotes.csv" "$TMP/in/malformed.csv"
F=$TMP/in/head.csv
echo $HEADER >"$F"
sleep 0.2
row head1 >>"$F"
wants head1
came "behind its header"
n=1
for how in rotate resume rotate kill both again; do
	n=$((n + 1))
	case $how in
	rotate) mv "$F" "$F.$n" && echo $HEADER >"$F" ;;
	resume) # goes on at an offset, with the header from its beginning
		stop "$DAEMON_PID"
		row head-$n-down >>"$F"
		wants head-$n-down
		start_daemon "$TMP/c.yaml"
		;;
	kill)
		stored "$TMP/state.db"
		kill9 "$DAEMON_PID"
		start_daemon "$TMP/c.yaml"
		;;
	both) # rotated while nobody looks; columns in another order from there on
		stop "$DAEMON_PID"
		row head-$n-old >>"$F"
		wants head-$n-old
		mv "$F" "$F.$n"
		echo type,rcpt,timeLogged,orig,dsnStatus,dsnDiag,bounceCat >"$F"
		start_daemon "$TMP/c.yaml"
		;;
	again) echo $HEADER >>"$F" ;; # a header in mid-file: the columns change there
	esac
	if [ $how = both ]; then
		echo "b,head-$n@example.net,2026-03-02 08:00:00+0000,s@lists.example.com,5.1.1,no,bad-mailbox" >>"$F"
	else
		row head-$n >>"$F"
	fi
	wants head-$n
	came "header: $how"
done
# resumed behind a header in mid-file: that one is in force
stop "$DAEMON_PID"
start_daemon "$TMP/c.yaml"
row head-last >>"$F"
wants head-last
came "header in mid-file, resumed"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
[ "$(bad)" = 6 ] || fail "$(bad) bad records, want 6"
pass "$(wc -l <"$TMP/want") records, each once, 6 bad ones counted"
