#!/bin/sh
# poll: of a source: without a single watch, and in a process that may have
# none, all that inotify would tell of is found at the interval: what is appended, renamed,
# truncated, deleted, made later; and little CPU is used.
. "$(dirname "$0")/lib.sh"

HEADER=type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat
row() {
	echo "b,2026-03-02 08:00:00+0000,s@lists.example.com,$1@example.net,5.1.1,smtp;550 5.1.1 no,bad-mailbox"
}
count=0
came() {
	wait_for '"$E2E/recipients.py" "$BACKEND_LOG" | grep -qx '"$1" 20
	: $((count += 1))
}
begun() { # FILE NAME
	{ echo $HEADER; row "$2"; } >"$1"
	came "$2"
}
more() { # FILE NAME
	row "$2" >>"$1"
	came "$2"
}
start_backend
mkdir "$TMP/in" "$TMP/store"
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, start: beginning, poll: 200ms, path: ["$TMP/in/acct.csv", "$TMP/in/later/*/acct.csv", "$TMP/in/link.csv"], archive: $TMP/in/old}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
{ echo $HEADER; row linked0; } >"$TMP/store/a.csv"
ln -s ../store/a.csv "$TMP/in/link.csv"
if unshare -U -r true 2>/dev/null; then
	# shellcheck disable=SC2016 # expanded there
	unshare -U -r sh -c 'echo 0 >/proc/sys/user/max_inotify_instances && exec "$@"' sh \
		"$BOUNCEFEED" run -c "$TMP/c.yaml" 2>>"$TMP/daemon.log" &
	DAEMON_PID=$!
	started $DAEMON_PID
else
	start_daemon "$TMP/c.yaml"
fi
came linked0
begun "$TMP/in/acct.csv" first
more "$TMP/in/acct.csv" second
mv "$TMP/in/acct.csv" "$TMP/in/gone.csv" # out of sight, and still written to
more "$TMP/in/gone.csv" third
begun "$TMP/in/acct.csv" fourth
mkdir "$TMP/in/old"
cp "$TMP/in/acct.csv" "$TMP/in/old/acct.1" # copytruncate
: >"$TMP/in/acct.csv"
begun "$TMP/in/acct.csv" fifth
rm "$TMP/in/acct.csv"
begun "$TMP/in/acct.csv" sixth
mkdir -p "$TMP/in/later/a/" "$TMP/in/later/b/"
begun "$TMP/in/later/a/acct.csv" seventh
begun "$TMP/in/later/b/acct.csv" eighth
more "$TMP/store/a.csv" linked1
{ echo $HEADER; row linked2; } >"$TMP/store/b.csv"
ln -s ../store/b.csv "$TMP/in/new.csv"
mv "$TMP/in/new.csv" "$TMP/in/link.csv"
came linked2
# no watch but that on the wake file, if any
watches=$(cat "/proc/$DAEMON_PID/fdinfo/"* | grep -c '^inotify') || true
[ "$watches" -le 1 ] || fail "$watches watches"
sleep 1
ticks() { awk '{ print $14 + $15 }' "/proc/$DAEMON_PID/stat"; }
before=$(ticks)
sleep 4
used=$(($(ticks) - before))
[ $used -le 20 ] || fail "$used ticks of CPU in 4 s of nothing"
! grep "source=p" "$TMP/daemon.log" || fail "it told of the source"

# a listing that takes long is made less often: 12000 files, a twentieth of the time at most
mkdir "$TMP/in/later/z"
(cd "$TMP/in/old" && seq -f x%05g 12000 | xargs touch -d '2020-01-01')
sleep 2
before=$(ticks)
sleep 4
many=$(($(ticks) - before))
[ $many -le 80 ] || fail "$many ticks of CPU in 4 s with 12000 files"
more "$TMP/in/later/a/acct.csv" ninth
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
"$E2E/recipients.py" "$BACKEND_LOG" >"$TMP/got"
[ "$(wc -l <"$TMP/got")" = $count ] || fail "$(wc -l <"$TMP/got") events, want $count"
pass "$count events, each once; $used ticks of CPU in 4 s, $many with 12000 files"
