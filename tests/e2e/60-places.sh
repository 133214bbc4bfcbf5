#!/bin/sh
# Where reading begins and goes on: start: end passes over what is there but not over a
# record that is still being written; dated PowerMTA names; move-to while the daemon is
# down; a file that only has its header; history in the archive is left alone.
. "$(dirname "$0")/lib.sh"

HEADER=type,timeLogged,orig,rcpt,dsnStatus,bounceCat
row() { printf 'b,2026-03-02 08:00:00+0000,s@lists.example.com,%s@example.net,5.1.1,bad-mailbox\n' "$1"; }
arrived() {
	wait_for '"$E2E/recipients.py" "$BACKEND_LOG" >"$TMP/got"; [ "$(xargs <"$TMP/got")" = "'"$*"'" ]' 6
}
start_backend
mkdir "$TMP/acct" "$TMP/done"
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/acct/bounces.csv, archive: $TMP/done}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
cd "$TMP/acct" || fail cd
{ echo $HEADER; row history; } >../done/bounces-2026-02-27-0000.csv
{ echo $HEADER; row old1; row old2; row half | head -c 40; } >bounces-2026-03-01-0000.csv
{ echo $HEADER; row other; } >bounces-t-2026-03-01-0000.csv
start_daemon "$TMP/c.yaml"
wait_for 'grep -q event=started "$TMP/daemon.log"' 5
sleep 0.5
row half | tail -c +41 >>bounces-2026-03-01-0000.csv
arrived half
row new1 >>bounces-2026-03-01-0000.csv
echo $HEADER >bounces-2026-03-01-0001.csv
arrived half new1
row new2 >>bounces-2026-03-01-0001.csv
arrived half new1 new2

# down: more is written, one file moves to the archive, another begins and moves, too
stored "$TMP/state.db"
kill9 "$DAEMON_PID"
row new3 >>bounces-2026-03-01-0001.csv
mv bounces-2026-03-01-0001.csv ../done/
{ echo $HEADER; row new4; } >bounces-2026-03-02-0000.csv
mv bounces-2026-03-02-0000.csv ../done/
{ echo $HEADER; row new5; } >bounces-2026-03-02-0000.csv
start_daemon "$TMP/c.yaml"
wait_for '"$E2E/recipients.py" "$BACKEND_LOG" | sort >"$TMP/got"; [ "$(wc -w <"$TMP/got")" = 6 ]' 6
for r in half new1 new2 new3 new4 new5; do
	[ "$(grep -cx $r "$TMP/got")" = 1 ] || fail "$r came $(grep -cx $r "$TMP/got") times"
done

# while it runs: rotated away and read to its end
row new6 >>bounces-2026-03-02-0000.csv
mv bounces-2026-03-02-0000.csv ../done/x.csv
row new7 >>../done/x.csv
{ echo $HEADER; row new8; } >bounces.csv
wait_for '"$E2E/recipients.py" "$BACKEND_LOG" | sort >"$TMP/got"; [ "$(wc -w <"$TMP/got")" = 9 ]' 6

# a second daemon on the same state file
rc=0
"$BOUNCEFEED" run -c "$TMP/c.yaml" 2>"$TMP/err" || rc=$?
[ $rc = 75 ] || fail "a second daemon: exit $rc, want 75"
grep -q "process $DAEMON_PID" "$TMP/err" || fail "it does not name the pid: $(cat "$TMP/err")"
[ "$(stat -c %a "$TMP/state.db")" = 600 ] || fail "mode $(stat -c %a "$TMP/state.db")"
"$BOUNCEFEED" status -c "$TMP/c.yaml" --json >"$TMP/status.json" || fail "status: exit $?"
/usr/bin/python3 -m json.tool "$TMP/status.json" >/dev/null || fail "status --json is none"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
rc=0
"$BOUNCEFEED" status -c "$TMP/c.yaml" >"$TMP/status" || rc=$?
[ $rc = 1 ] || fail "status without a daemon: exit $rc, want 1"
pass
