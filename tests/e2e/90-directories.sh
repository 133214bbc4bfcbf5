#!/bin/sh
# What inotify does not tell by itself (case IN10: inotify is a hint): directories that are not there yet,
# several levels of them, made at once, replaced, moved away with what stands above them;
# links to logs, to directories, switched to another target. All is found at once: the safety
# rescan comes after 60 s, and the waits here are shorter.
. "$(dirname "$0")/lib.sh"

HEADER=type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat
row() { # NAME: a record of that recipient
	echo "b,2026-03-02 08:00:00+0000,s@lists.example.com,$1@example.net,5.1.1,smtp;550 5.1.1 no,bad-mailbox"
}
# came NAME: that one has arrived
came() {
	wait_for '"$E2E/recipients.py" "$BACKEND_LOG" | grep -qx '"$1" 15
	: $((count += 1))
}
begun() { # FILE NAME: a file with a header and one record, which comes
	{ echo $HEADER; row "$2"; } >"$1"
	came "$2"
}
more() { # FILE NAME: a record behind
	row "$2" >>"$1"
	came "$2"
}
count=0
start_backend
mkdir "$TMP/in" "$TMP/store" "$TMP/store/v1" "$TMP/store/v2"
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: deep, format: pmta, start: beginning, path: $TMP/in/a/b/c/acct.csv, archive: $TMP/in/a/done}
  - {name: many, format: pmta, start: beginning, path: "$TMP/in/nodes/*/logs/*/acct.csv"}
  - {name: link, format: pmta, start: beginning, path: $TMP/in/current.csv}
  - {name: dirlink, format: pmta, start: beginning, path: $TMP/in/app/logs/acct.csv}
  - {name: dangling, format: pmta, start: beginning, path: $TMP/in/dangling.csv}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
ln -s "$TMP/store/not/yet/there.csv" "$TMP/in/dangling.csv"
start_daemon "$TMP/c.yaml"
wait_for 'grep -q event=started "$TMP/daemon.log"' 10

# --- not there yet
mkdir -p "$TMP/in/a/b/c"
begun "$TMP/in/a/b/c/acct.csv" deep1
more "$TMP/in/a/b/c/acct.csv" deep2
mkdir "$TMP/in/nodes"
mkdir -p "$TMP/in/nodes/n1/logs/x"
begun "$TMP/in/nodes/n1/logs/x/acct.csv" node1
mkdir -p "$TMP/in/nodes/n2/logs/x/"
begun "$TMP/in/nodes/n2/logs/x/acct.csv" node2
mkdir -p "$TMP/in/nodes/n2/logs/y/"
begun "$TMP/in/nodes/n2/logs/y/acct.csv" node3
# filled before it is moved to its place
mkdir -p "$TMP/n3/logs/x"
{ echo $HEADER; row node4; } >"$TMP/n3/logs/x/acct.csv"
mv "$TMP/n3" "$TMP/in/nodes/n3"
came node4
more "$TMP/in/nodes/n3/logs/x/acct.csv" node5

# --- replaced
mv "$TMP/in/a/b/c" "$TMP/in/a/b/old"
mkdir "$TMP/in/a/b/c"
begun "$TMP/in/a/b/c/acct.csv" deep3
mv "$TMP/in/a" "$TMP/in/olda" # two levels above
mkdir -p "$TMP/in/a/b/c"
begun "$TMP/in/a/b/c/acct.csv" deep4
rm -r "$TMP/in/a/b"
mkdir -p "$TMP/in/a/b/c"
begun "$TMP/in/a/b/c/acct.csv" deep5
rm -r "$TMP/in/a"
mkdir -p "$TMP/new/b/c"
{ echo $HEADER; row deep6; } >"$TMP/new/b/c/acct.csv"
mv "$TMP/new" "$TMP/in/a"
came deep6
more "$TMP/in/a/b/c/acct.csv" deep7
mkdir "$TMP/in/a/done" # an archive that was not there
mv "$TMP/in/a/b/c/acct.csv" "$TMP/in/a/done/acct-1.csv"
more "$TMP/in/a/done/acct-1.csv" deep8
begun "$TMP/in/a/b/c/acct.csv" deep9

# --- links
{ echo $HEADER; row link1; } >"$TMP/store/one.csv"
ln -s ../store/one.csv "$TMP/in/current.csv"
came link1
more "$TMP/store/one.csv" link2
more "$TMP/store/one.csv" link3
{ echo $HEADER; row link4; } >"$TMP/store/v1/two.csv"
ln -s ../store/v1/two.csv "$TMP/in/current.new"
mv "$TMP/in/current.new" "$TMP/in/current.csv" # switched
came link4
more "$TMP/store/v1/two.csv" link5
mv "$TMP/store/v1/two.csv" "$TMP/store/v1/two.csv.1" # the target is rotated
begun "$TMP/store/v1/two.csv" link6
more "$TMP/store/v1/two.csv" link7
mkdir -p "$TMP/store/not/yet"
begun "$TMP/store/not/yet/there.csv" dangling1
more "$TMP/store/not/yet/there.csv" dangling2
# a directory on the way is a link, and is switched
mkdir "$TMP/store/v1/logs" "$TMP/store/v2/logs"
ln -s ../store/v1 "$TMP/in/app"
begun "$TMP/store/v1/logs/acct.csv" dir1
more "$TMP/in/app/logs/acct.csv" dir2
ln -s ../store/v2 "$TMP/in/app.new"
mv -T "$TMP/in/app.new" "$TMP/in/app"
begun "$TMP/store/v2/logs/acct.csv" dir3
mv "$TMP/store/v2" "$TMP/store/v3" # its target is replaced
mkdir -p "$TMP/store/v2/logs"
begun "$TMP/store/v2/logs/acct.csv" dir4

"$E2E/recipients.py" "$BACKEND_LOG" >"$TMP/got"
[ "$(wc -l <"$TMP/got")" = $count ] || fail "$(wc -l <"$TMP/got") events, want $count"
! grep -E "event=(watch-failed|unreadable|scan-failed)" "$TMP/daemon.log" || fail "it told of trouble"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$count events, each at once and once"
