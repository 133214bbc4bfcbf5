#!/bin/sh
# Files and directories that may be read only later, rotated meanwhile: the daemon is another user.
# (Root may read anything: with any other user it is that one's own files.)
. "$(dirname "$0")/lib.sh"

# a place that another user can get to, the program in it
PLACE=$(TMPDIR=/tmp mktemp -d) || fail "no place"
leave() {
	rc=$?
	chmod -R u+rwx "$PLACE"
	rm -rf "$PLACE"
	(exit $rc)
	cleanup
}
trap leave EXIT
sources() { pmta_source "archive: $AWAY"; }
run_as_other() {
	mkdir -p "$PLACE/state"
	cp "$BOUNCEFEED" "$PLACE/bouncefeed"
	cat >"$PLACE/c.yaml" <<-CONFIG
		sources:
		$(sources)
		outputs:
		  - {name: o, url: "$BACKEND_URL", batch: {linger: 20ms}, retry: {min: 5ms, max: 50ms}}
		state: {path: $PLACE/state/state.db, min_free: 1MiB}
	CONFIG
	AS=
	if [ "$(id -u)" = 0 ]; then
		chmod 755 "$PLACE" "$LOGS" "$AWAY"
		chmod 644 "$PLACE/c.yaml"
		chown 65534:65534 "$PLACE/state"
		AS="setpriv --reuid=65534 --regid=65534 --clear-groups"
	fi
	# shellcheck disable=SC2086 # words
	$AS "$PLACE/bouncefeed" run -c "$PLACE/c.yaml" >>"$TMP/daemon.out" 2>>"$TMP/daemon.log" &
	DAEMON_PID=$!
	started $DAEMON_PID
}
next=1
more() { # FILE
	put "$LOGS/$1" $next 50 --format pmta
	next=$((next + 50))
}
new_run "another user"
LOGS=$PLACE/logs AWAY=$PLACE/away
mkdir "$LOGS" "$AWAY"
more bounces.csv
run_as_other
caught_up 10

step "a new file that may not be read, then may"
mv "$LOGS/bounces.csv" "$AWAY/1"
umask 077
more bounces.csv
umask 022
chmod 000 "$LOGS/bounces.csv"
more bounces-2026-03-02-0000.csv # the others go on
wait_for 'grep -q event=unreadable "$TMP/daemon.log"' 10
chmod 644 "$LOGS/bounces.csv"
caught_up 10

step "moved away before it may be read"
: >"$LOGS/new"
chmod 000 "$LOGS/new"
mv "$LOGS/new" "$LOGS/bounces.csv"
[ "$(id -u)" = 0 ] || chmod 200 "$LOGS/bounces.csv"
more bounces.csv
mv "$LOGS/bounces.csv" "$AWAY/2"
more bounces.csv
sleep 1
chmod 644 "$AWAY/2"
caught_up 10

step "the directory may not be entered for a while; down meanwhile"
chmod 700 "$LOGS"
more bounces.csv
crash
mv "$LOGS/bounces.csv" "$AWAY/3"
more bounces.csv
[ "$(id -u)" = 0 ] || chmod 000 "$LOGS"
run_as_other
wait_for '[ $(grep -c event=started "$TMP/daemon.log") = 2 ]' 10
sleep 1
chmod 755 "$LOGS"
caught_up 10
more bounces.csv
RUN_DB=$PLACE/state
cp "$RUN_DB"/state.db* "$RUN/" 2>/dev/null
settle
pass "$RESULT"
