#!/bin/sh
# Where a first look begins: start: at an age and at a time. What was there counts from that
# time on, a file that comes later is read whole, the archive is left alone. The time is that
# of the first look: it holds for the rest of a file after a kill, whatever start: says then.
. "$(dirname "$0")/lib.sh"

HEADER=type,timeLogged,orig,rcpt,dsnStatus,bounceCat
row() { # NAME MINUTES-AGO
	printf 'b,%s,s@lists.example.com,%s@example.net,5.1.1,bad-mailbox\n' \
		"$(date -u -d "$2 minutes ago" '+%Y-%m-%d %H:%M:%S+0000')" "$1"
}
line() { # NAME TIME
	printf '%s mx1 postfix/smtp[4711]: 4C%s: to=<%s@example.net>, relay=none, delay=1, delays=0/0/1/0, dsn=5.1.1, status=bounced (no)\n' "$2" "$(printf '%s' "$1" | od -An -tx1 | tr -d ' \n' | tr a-f A-F)" "$1"
}
arrived() {
	wait_for '"$E2E/recipients.py" "$BACKEND_LOG" | sort >"$TMP/got"; [ "$(xargs <"$TMP/got")" = "'"$*"'" ]' 6
}
config() { # START
	cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: "$TMP/acct.csv", start: $1}
  - {name: m, format: maillog, path: $TMP/mail.log, start: 2026-03-02T09:00:00+01:00}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
}
start_backend
config yesterday
"$BOUNCEFEED" check -c "$TMP/c.yaml" 2>"$TMP/err" && fail "start: yesterday is taken"
grep -q 'c.yaml:2:[0-9]*: start: "yesterday" is none of: end beginning, a time' "$TMP/err" ||
	fail "check says: $(cat "$TMP/err")"

config 2h
"$BOUNCEFEED" check -c "$TMP/c.yaml" 2>"$TMP/err" || fail "check: $(cat "$TMP/err")"
{ echo $HEADER; row archived 1; } >"$TMP/acct.csv.1"
{
	echo $HEADER
	row p-old 300
	row p-in 60
	row p-older 125
	row p-now 0
	row p-half 400 | head -c 50
} >"$TMP/acct.csv"
{
	line m-old 2026-03-02T07:59:59.999999+00:00
	line m-in 2026-03-02T08:00:00+00:00
	line m-in2 2026-03-02T10:00:01+01:00
} >"$TMP/mail.log"
start_daemon "$TMP/c.yaml"
arrived m-in m-in2 p-in p-now
# a record that was half written at the first look is a new one; so are all later files
row p-half 400 | tail -c +51 >>"$TMP/acct.csv"
row p-later 400 >>"$TMP/acct.csv"
arrived m-in m-in2 p-half p-in p-later p-now
mv "$TMP/acct.csv" "$TMP/acct.csv.2"
{ echo $HEADER; row q-old 300; } >"$TMP/acct.csv"
arrived m-in m-in2 p-half p-in p-later p-now q-old
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"

# killed in the middle of what was there: the spool was full
rm -f "$TMP"/state.db* "$TMP"/acct.csv* "$TMP"/mail.log "$BACKEND_LOG"
kill9 "$BACKEND_PID"
limit() {
	sed -i -e 's/linger: 10ms}/linger: 10ms, max_events: 1}/' -e 's/min_free/max_size: 1MiB, min_free/' "$TMP/c.yaml"
}
old=$(row X 121) new=$(row X 119)
{
	echo $HEADER
	awk -v old="$old" -v new="$new" 'BEGIN { for (n = 1; n <= 6000; n++) {
		line = n % 2 ? new : old
		sub("X@", (n % 2 ? "n" : "old") n "@", line)
		print line } }'
} >"$TMP/acct.csv"
limit
start_daemon "$TMP/c.yaml"
wait_for 'grep -q event=spool-full "$TMP/daemon.log"' 30
kill9 "$DAEMON_PID"
offset=$("$E2E/state.py" "$TMP/state.db" sum file offset)
skip=$("$E2E/state.py" "$TMP/state.db" sum file skip)
[ "$offset" -gt 1000 ] || fail "killed at $offset of $skip"
[ "$offset" -lt "$skip" ] || fail "killed at $offset of $skip"
config end
start_backend --port "$BACKEND_PORT"
start_daemon "$TMP/c.yaml"
wait_for '"$E2E/recipients.py" "$BACKEND_LOG" 2>/dev/null | sort >"$TMP/got"; [ "$(wc -l <"$TMP/got")" -ge 3000 ]' 60
row last 500 >>"$TMP/acct.csv"
wait_for '"$E2E/recipients.py" "$BACKEND_LOG" | grep -qx last' 6
"$E2E/recipients.py" "$BACKEND_LOG" | sort >"$TMP/got"
{ seq 1 2 6000 | sed s/^/n/; echo last; } | sort >"$TMP/want"
cmp -s "$TMP/got" "$TMP/want" || fail "after a kill at $offset of $skip: $(diff "$TMP/got" "$TMP/want" | head)"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "killed at $offset of $skip"
