#!/bin/sh
# Files and directories that become readable later (case IN13, EACCES): read from the right place as
# soon as their mode allows it and not when the next try is due, told once, and once that it is
# over.
. "$(dirname "$0")/lib.sh"

HEADER=type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat
row() {
	echo "b,2026-03-02 08:00:00+0000,s@lists.example.com,$1@example.net,5.1.1,no,bad-mailbox"
}
: >"$TMP/want"
wants() {
	printf '%s\n' "$@" >>"$TMP/want"
}
came() { # SECONDS NAME: all that is wanted has come, each once, and nothing else
	wait_for '[ "$("$E2E/recipients.py" "$BACKEND_LOG" | sort -u | wc -l)" -ge '"$(wc -l <"$TMP/want")"' ]' "$1"
	"$E2E/recipients.py" "$BACKEND_LOG" | sort >"$TMP/got"
	sort "$TMP/want" | cmp -s - "$TMP/got" || fail "$2: $(sort "$TMP/want" | diff - "$TMP/got")"
}
told() { # TEXT COUNT
	[ "$(grep -c "$1" "$TMP/daemon.log")" = "$2" ] || fail "not $2 times $1: $(cat "$TMP/daemon.log")"
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
mkdir "$PLACE/in" "$PLACE/dir" "$PLACE/dir/in" "$PLACE/state"
cp "$BOUNCEFEED" "$PLACE/bouncefeed"
cat >"$PLACE/c.yaml" <<EOF
sources:
  - {name: file, format: pmta, start: beginning, path: "$PLACE/in/*.csv"}
  - {name: dir, format: pmta, start: beginning, path: $PLACE/dir/in/acct.csv}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $PLACE/state/state.db, min_free: 1MiB}
EOF
AS=
if [ "$(id -u)" = 0 ]; then # root may read anything
	chmod 755 "$PLACE"
	chown -R 65534:65534 "$PLACE/in" "$PLACE/dir" "$PLACE/state"
	AS="setpriv --reuid=65534 --regid=65534 --clear-groups"
fi
start() {
	# shellcheck disable=SC2086 # words
	$AS "$PLACE/bouncefeed" run -c "$PLACE/c.yaml" >>"$TMP/daemon.out" 2>>"$TMP/daemon.log" &
	DAEMON_PID=$!
	started $DAEMON_PID
}
start
for f in in/a in/b dir/in/acct; do
	{ echo $HEADER; row "$(basename $f)1"; } >"$PLACE/$f.csv"
done
wants a1 b1 acct1
came 15 "before"
stored "$PLACE/state/state.db"
stop "$DAEMON_PID"
chmod 000 "$PLACE/in/a.csv" "$PLACE/dir/in"
row a2 >>"$PLACE/in/a.csv"
row b2 >>"$PLACE/in/b.csv"
wants b2
: >"$TMP/daemon.log"
start
came 15 "the one that can be read"
told "event=unreadable source=file" 1
# tries come after 0.5, 1, 2, 4, 8 s: the next one is far away
sleep 8
row b3 >>"$PLACE/in/b.csv"
wants b3
came 15 "the one that can be read, and on"
chmod 644 "$PLACE/in/a.csv"
wants a2
came 4 "readable again"
wait_for 'grep -q "event=readable source=file" "$TMP/daemon.log"' 5
chmod 755 "$PLACE/dir/in"
row acct2 >>"$PLACE/dir/in/acct.csv" 2>/dev/null || fail "no row"
wants acct2
came 10 "the directory"
wait_for 'grep -q "event=readable source=dir" "$TMP/daemon.log"' 5
wait_for 'grep -q "event=watch-works-again" "$TMP/daemon.log"' 10
told "event=unreadable source=file" 1
told "event=readable source=file" 1
told "event=unreadable source=dir" 1
told "event=readable source=dir" 1
told event=watch-failed 1
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$(wc -l <"$TMP/want") records, each once"
