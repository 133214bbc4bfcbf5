#!/bin/sh
# Files that have to wait: those that cannot be opened hold up nobody and are read once they
# can be; one that was read but not taken, because the spool was full for longer than a
# file stays open, is not forgotten.
. "$(dirname "$0")/lib.sh"

HEADER=type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat
rows() { # FROM TO
	awk -v a="$1" -v b="$2" 'BEGIN { for (n = a; n <= b; n++)
		printf "b,2026-03-02 08:00:00+0000,s@lists.example.com,n%06d@example.net,5.1.1,smtp;550 5.1.1 no %d,bad-mailbox\n", n, n * 7919 }'
}
came() { # NAME COUNT
	wait_for '[ "$("$E2E/recipients.py" "$BACKEND_LOG" | sort -u | wc -l)" -ge '"$2"' ]' 60
	"$E2E/recipients.py" "$BACKEND_LOG" >"$TMP/got"
	[ "$(wc -l <"$TMP/got")" = "$2" ] || fail "$1: $(wc -l <"$TMP/got") events, want $2"
	[ "$(sort -u "$TMP/got" | wc -l)" = "$2" ] || fail "$1: some came twice"
}
start_backend
# a place that another user can get to, the program in it
PLACE=$(TMPDIR=/tmp mktemp -d) || fail "no place"
leave() {
	rc=$?
	rm -rf "$PLACE"
	(exit $rc)
	cleanup
}
trap leave EXIT
mkdir "$PLACE/in" "$PLACE/full" "$PLACE/state"
cp "$BOUNCEFEED" "$PLACE/bouncefeed"
cat >"$PLACE/c.yaml" <<EOF
sources:
  - {name: p, path: "$PLACE/in/*.csv", start: beginning}
  - {name: q, path: "$PLACE/full/*.csv", start: beginning}
outputs:
  - name: o
    url: $BACKEND_URL
    batch: {max_events: 1, linger: 10ms}
    retry: {min: 100ms, max: 500ms}
state: {path: $PLACE/state/state.db, max_size: 1MiB, min_free: 1MiB}
EOF
for f in a b c; do
	{ echo $HEADER; rows "$(printf '%d' "'$f")" "$(printf '%d' "'$f")"; } >"$PLACE/in/$f.csv"
	sleep 0.05
done
chmod 000 "$PLACE/in/a.csv" "$PLACE/in/b.csv"
# root may read anything: as somebody else then
AS=
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$PLACE" && chown -R 65534:65534 "$PLACE/in" "$PLACE/full" "$PLACE/state"
	AS="setpriv --reuid=65534 --regid=65534 --clear-groups"
fi
# shellcheck disable=SC2086 # words
$AS "$PLACE/bouncefeed" run -c "$PLACE/c.yaml" >>"$TMP/daemon.out" 2>>"$TMP/daemon.log" &
DAEMON_PID=$!
started $DAEMON_PID
came "two older ones cannot be opened" 1
[ "$(grep -c event=unreadable "$TMP/daemon.log")" = 2 ] || fail "not told: $(cat "$TMP/daemon.log")"
chmod 644 "$PLACE/in/a.csv" "$PLACE/in/b.csv"
came "they can be read" 3

kill9 "$BACKEND_PID"
{ echo $HEADER; rows 10001 12300; } >"$PLACE/full/one.csv"
wait_for 'grep -q event=spool-full "$TMP/daemon.log"' 30
{ echo $HEADER; rows 20001 20001; } >"$PLACE/full/two.csv" # the newest: one.csv may be closed
sleep 36
start_backend --port "$BACKEND_PORT"
came "after a spool that was full for 36 s" 2304
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$(wc -l <"$TMP/got") events, each once"
