#!/bin/sh
# Where inotify cannot tell (case IN12): no instance is left, no watch is left, a directory that
# may be entered but not read, more directories than are watched. The sources that it concerns
# are looked at every second, one warning names the mend, one word tells that it is over; the
# limits are real ones, of user namespaces.
. "$(dirname "$0")/lib.sh"

HEADER=type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat
row() {
	echo "b,2026-03-02 08:00:00+0000,s@lists.example.com,$1@example.net,5.1.1,smtp;550 5.1.1 no,bad-mailbox"
}
begin() { # FILE NAME
	{ echo $HEADER; row "$2"; } >"$1"
	: $((count += 1))
}
more() { # FILE NAME
	row "$2" >>"$1"
	: $((count += 1))
}
count=0
came() { # NAME...: those have come; all that was written comes once
	for name in "$@"; do
		wait_for '"$E2E/recipients.py" "$BACKEND_LOG" | grep -qx '"$name" 60
	done
}
all_came() {
	wait_for '[ "$("$E2E/recipients.py" "$BACKEND_LOG" | wc -l)" -ge '$count' ]' 60
}
said() { # LOG TEXT: how often
	grep -c -- "$2" "$TMP/$1.log" || true
}
lasts() { # LOG TEXT: said now or soon, and once
	wait_for '[ "$(said '"$1 '$2'"')" = 1 ]' 20
}
config() { # NAME SOURCES: a configuration with a state file of its own
	mkdir "$PLACE/$1" "$PLACE/$1/state"
	cat >"$PLACE/$1.yaml" <<EOF
sources:
$2
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}, retry: {min: 1h, max: 1h}}
state: {path: $PLACE/$1/state/state.db, min_free: 1MiB}
EOF
}
limited() { # NAME LIMIT VALUE: a daemon in a user namespace of its own with that limit
	# shellcheck disable=SC2016 # expanded there
	unshare -U -r sh -c 'echo "$1" >"/proc/sys/user/$2" && shift 2 && exec "$@"' sh \
		"$3" "$2" "$BOUNCEFEED" run -c "$PLACE/$1.yaml" 2>>"$TMP/$1.log" &
	DAEMON_PID=$!
	started $DAEMON_PID
}
unlimited() { # PID LIMIT
	# shellcheck disable=SC2016
	nsenter -U --preserve-credentials -t "$1" sh -c 'echo 10000 >"/proc/sys/user/$1"' sh "$2" ||
		fail "nsenter: $?"
}
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

unshare -U -r true || fail "no user namespaces here (kernel.unprivileged_userns_clone)"
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
cp "$BOUNCEFEED" "$PLACE/bouncefeed"

config instances "  - {name: i, format: pmta, start: beginning, path: $PLACE/instances/acct.csv}"
config watches "  - {name: w1, format: pmta, start: beginning, path: $PLACE/watches/one/acct.csv}
  - {name: w2, format: pmta, start: beginning, path: $PLACE/watches/two/acct.csv}
  - {name: w3, format: pmta, start: beginning, path: $PLACE/watches/three/acct.csv}"
mkdir "$PLACE/watches/one" "$PLACE/watches/two" "$PLACE/watches/three"
config many "  - {name: m, format: pmta, start: beginning, path: '$PLACE/many/*/acct.csv'}"
config access "  - {name: a, format: pmta, start: beginning, path: $PLACE/access/in/acct.csv}"
mkdir "$PLACE/access/in"
begin "$PLACE/access/in/acct.csv" access1
(cd "$PLACE/many" && seq -f d%05g 4200 | xargs mkdir)
AS=
if [ "$(id -u)" = 0 ]; then # root may read anything
	chmod 755 "$PLACE"
	chown -R 65534:65534 "$PLACE/access"
	AS="setpriv --reuid=65534 --regid=65534 --clear-groups"
fi
chmod 311 "$PLACE/access/in"

limited instances max_inotify_instances 0
INSTANCES=$DAEMON_PID
limited watches max_inotify_watches 2 # the wake file and one directory
WATCHES=$DAEMON_PID
"$BOUNCEFEED" run -c "$PLACE/many.yaml" 2>>"$TMP/many.log" &
MANY=$!
started $MANY
# shellcheck disable=SC2086 # words
$AS "$PLACE/bouncefeed" run -c "$PLACE/access.yaml" 2>>"$TMP/access.log" &
ACCESS=$!
started $ACCESS

for d in instances watches many access; do
	lasts $d event=started
	lasts $d event=watch-failed
done
grep -q fs.inotify.max_user_instances "$TMP/instances.log" || fail "the mend is not named: $(cat "$TMP/instances.log")"
grep -q fs.inotify.max_user_watches "$TMP/watches.log" || fail "the mend is not named: $(cat "$TMP/watches.log")"
grep -q "sources=[23]" "$TMP/watches.log" || fail "not 2 or 3 sources: $(cat "$TMP/watches.log")"
grep -q "$PLACE/access/in" "$TMP/access.log" || fail "the directory is not named: $(cat "$TMP/access.log")"
grep -q "globs" "$TMP/many.log" || fail "the mend is not named: $(cat "$TMP/many.log")"

began=$(date +%s)
before=$(ticks $INSTANCES)
begin "$PLACE/instances/acct.csv" instances1
for d in one two three; do
	begin "$PLACE/watches/$d/acct.csv" $d-1
done
begin "$PLACE/many/d04200/acct.csv" many1
begin "$PLACE/many/d00001/acct.csv" many2
all_came
mv "$PLACE/instances/acct.csv" "$PLACE/instances/acct.csv.1"
more "$PLACE/instances/acct.csv.1" instances2
begin "$PLACE/instances/acct.csv" instances3
for d in one two three; do
	more "$PLACE/watches/$d/acct.csv" $d-2
done
more "$PLACE/many/d04200/acct.csv" many3
more "$PLACE/access/in/acct.csv" access2
all_came
sleep 1
used=$(($(ticks $INSTANCES) - before))
seconds=$(($(date +%s) - began + 1))
[ $used -le $((5 * seconds)) ] || fail "$used ticks of CPU in $seconds s of polling"
# a command is heard, too, without the wake file
kill9 "$BACKEND_PID"
more "$PLACE/instances/acct.csv" instances4
wait_for 'grep -q event=retrying "$TMP/instances.log"' 20
start_backend --port "$BACKEND_PORT"
BOUNCEFEED_CONFIG=$PLACE/instances.yaml "$BOUNCEFEED" retry >/dev/null || fail "retry: $?"
came instances4

# --- over
unlimited $INSTANCES max_inotify_instances
unlimited $WATCHES max_inotify_watches
chmod 755 "$PLACE/access/in"
(cd "$PLACE/many" && seq -f d%05g 2 400 | xargs rmdir)
for d in instances watches access many; do
	lasts $d event=watch-works-again
	[ "$(said $d event=watch-failed)" = 1 ] || fail "$d: told more than once: $(cat "$TMP/$d.log")"
done
grep -q inotify "/proc/$INSTANCES/fdinfo/"* || fail "no inotify after the limit was raised"
more "$PLACE/instances/acct.csv" instances5
more "$PLACE/watches/three/acct.csv" three-3
more "$PLACE/many/d04200/acct.csv" many4
more "$PLACE/access/in/acct.csv" access3
all_came
# and nothing is polled any more: no open file makes it wake up but once in a while
awake() { awk '/^voluntary/ { print $2 }' "/proc/$WATCHES/status"; }
sleep 1
before=$(awake)
sleep 3
woke=$(($(awake) - before))
[ $woke -le 12 ] || fail "it woke up $woke times in 3 s"
for pid in $INSTANCES $WATCHES $MANY $ACCESS; do
	stop "$pid"
	[ "$STOPPED" = 0 ] || fail "a daemon ended with $STOPPED"
done
"$E2E/recipients.py" "$BACKEND_LOG" >"$TMP/got"
[ "$(wc -l <"$TMP/got")" = $count ] || fail "$(wc -l <"$TMP/got") events, want $count"
pass "$count events, each once; $used ticks of CPU in $seconds s of polling"
