#!/bin/sh
# tests/mta/sendmail_one.sh ROOT DIR: one sendmail from its first message to its last
#
# By run-sendmail, in namespaces of its own (what is left in them ends with it). Leaves in DIR:
# log-3164, log-iso, log-5424, peer.jsonl, submitted.jsonl. Stops by pid what it started.
set -u
root=$1
dir=$2
mta=$(cd "$(dirname "$0")" && pwd)
peer=
own=

cleanup() {
	rc=$?
	trap - EXIT
	[ ! "$own" ] || "$mta/sendmail.sh" "$root" "$own" stop
	[ ! "$peer" ] || kill "$peer" 2>/dev/null
	"$mta/rsyslog.sh" stop "$dir" || rc=1
	exit $rc
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

fail() {
	echo "sendmail: $*" >&2
	exit 1
}
# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
	tries=$(($1 * 5))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.2
	done
}
is_empty() {
	[ -z "$(find "$dir/mqueue" "$dir/clientmqueue" -name '[a-zA-Z]f*')" ]
}
# between two of its messages (a bounce takes the place of what bounced) a queue may look empty
is_quiet() {
	is_empty && sleep 0.5 && is_empty
}

hostname mx1.example
printf '127.0.0.1 localhost\n127.0.0.1 mx1.example mx1\n' >"$dir/hosts"
printf 'nameserver 127.0.0.53\noptions timeout:2 attempts:2\n' >"$dir/resolv.conf"
# sendmail trusts nothing below a directory that anybody can write to, as /tmp is
own=/srv
mount --bind "$dir" $own || fail "nothing can be mounted at $own"
for file in hosts resolv.conf; do
	mount --bind "$dir/$file" "/etc/$file" || fail "/etc/$file cannot be replaced"
done
"$mta/sendmail_peer.py" "$dir" &
peer=$!
"$mta/rsyslog.sh" start "$dir" || exit 1
wait_for 20 test -e "$dir/ready" || fail "the peer does not start"

"$mta/sendmail.sh" "$root" "$own" setup || fail "no configuration"
timeout 60 "$mta/sendmail_submit.py" "$root" "$own" early || fail "not everything was submitted"
"$mta/sendmail.sh" "$root" "$own" start || fail "the server does not start"
wait_for 20 test -s "$dir/server.pid" || fail "the server is not there"
"$mta/sendmail.sh" "$root" "$own" runner || fail "the runner does not start"
timeout 100 "$mta/sendmail_submit.py" "$root" "$own" now || fail "not everything was submitted"
wait_for 90 is_quiet || fail "the queue does not get empty: $(ls "$dir/mqueue" "$dir/clientmqueue")"
