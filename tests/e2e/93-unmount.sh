#!/bin/sh
# A file system goes away under a watch (IN_UNMOUNT), and a watch is lost with its directory
# (IN_IGNORED): what is under the same name then is watched at once. In a mount namespace of
# its own.
if [ -z "${UNMOUNT_INSIDE-}" ]; then
	unshare -U -r -m true || {
		echo "93-unmount: FAIL: no user and mount namespaces here" >&2
		exit 1
	}
	UNMOUNT_INSIDE=1 exec unshare -U -r -m "$0"
fi
. "$(dirname "$0")/lib.sh"

HEADER=type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat
begun() { # FILE NAME: a file with a header and one record, which comes
	{
		echo $HEADER
		echo "b,2026-03-02 08:00:00+0000,s@lists.example.com,$2@example.net,5.1.1,smtp;550 5.1.1 no,bad-mailbox"
	} >"$1"
	wait_for '"$E2E/recipients.py" "$BACKEND_LOG" | grep -qx '"$2" 15
}
start_backend
mkdir "$TMP/in" "$TMP/lost"
mount -t tmpfs none "$TMP/in" || fail "mount: $?"
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, start: beginning, path: $TMP/in/acct.csv}
  - {name: q, format: pmta, start: beginning, path: $TMP/in/sub/acct.csv}
  - {name: l, format: pmta, start: beginning, path: $TMP/lost/acct.csv}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
start_daemon "$TMP/c.yaml"
wait_for 'grep -q event=started "$TMP/daemon.log"' 10
wait_for 'grep -q "^inotify wd:" /proc/$DAEMON_PID/fdinfo/*' 10
sleep 0.5
umount "$TMP/in" || fail "umount: $?"
begun "$TMP/in/acct.csv" below
mkdir "$TMP/in/sub"
begun "$TMP/in/sub/acct.csv" below-sub
rmdir "$TMP/lost"
mkdir "$TMP/lost"
begun "$TMP/lost/acct.csv" lost
! grep event=watch-failed "$TMP/daemon.log" || fail "it told of trouble"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass
