#!/bin/sh
# tests/mta/rsyslog.sh: a real rsyslogd of the rig's own, at a /dev/log of the rig's own
#
#   rsyslog.sh enter COMMAND...   run it where /dev/log is nobody else's: in a mount namespace
#                                 whose /dev is a tmpfs with the few nodes that programs need
#   rsyslog.sh start DIR          there: rsyslogd listens on /dev/log; all that is logged comes
#                                 into DIR/log-3164, DIR/log-iso and DIR/log-5424, line by line
#                                 the same messages in the three formats that rsyslog knows
#   rsyslog.sh stop DIR           when all is written: end it
#
# syslog(3), with it Postfix and sendmail, knows no other socket than /dev/log. In a namespace
# the machine's own is never touched, and two rigs can run side by side. What is mounted there
# is gone with the last process in it. HOST is the name in the lines (mx1), REPEATS=on makes
# `message repeated N times: [ ...]` of equal ones. Needs root and CAP_SYS_ADMIN.
set -eu

usage() {
	echo "usage: tests/mta/rsyslog.sh enter COMMAND... | start DIR | stop DIR" >&2
	exit 64
}
fail() {
	echo "rsyslog.sh: $*" >&2
	exit 1
}
PATH=$PATH:/usr/sbin:/sbin

# the /dev of the namespace; $1 is an empty directory to build it in
make_dev() {
	mount -t tmpfs -o mode=755,size=1m rig-dev "$1" || return 1
	for node in null zero full random urandom tty; do
		[ -e "/dev/$node" ] || continue
		: >"$1/$node" && mount --bind "/dev/$node" "$1/$node" || return 1
	done
	for sub in shm pts; do
		[ -d "/dev/$sub" ] || continue
		mkdir "$1/$sub" && mount --rbind "/dev/$sub" "$1/$sub" || return 1
	done
	for pair in fd: stdin:/0 stdout:/1 stderr:/2; do
		ln -s "/proc/self/fd${pair#*:}" "$1/${pair%%:*}" || return 1
	done
	mount --move "$1" /dev && : >/dev/.rig-dev
}

start() {
	# never at the machine's own /dev/log
	[ -e /dev/.rig-dev ] || fail "not in a namespace of its own (rsyslog.sh enter ...)"
	command -v rsyslogd >/dev/null || fail "there is no rsyslogd (script/deps installs it)"
	dir=$(cd "$1" && pwd)
	mkdir -p "$dir/rsyslog"
	cat >"$dir/rsyslog/conf" <<END
global(maxMessageSize="64k" workDirectory="$dir/rsyslog" localHostname="${HOST:-mx1}")
\$RepeatedMsgReduction ${REPEATS:-off}
main_queue(queue.timeoutShutdown="10000" queue.workerThreads="1")
module(load="imuxsock" SysSock.Name="/dev/log" SysSock.RateLimit.Interval="0")
action(type="omfile" file="$dir/log-3164" template="RSYSLOG_TraditionalFileFormat")
action(type="omfile" file="$dir/log-iso" template="RSYSLOG_FileFormat")
action(type="omfile" file="$dir/log-5424" template="RSYSLOG_SyslogProtocol23Format")
END
	rsyslogd -n -f "$dir/rsyslog/conf" -i "$dir/rsyslog/pid" >"$dir/rsyslog/out" 2>&1 &
	pid=$!
	tries=100
	until [ -S /dev/log ] && [ -s "$dir/rsyslog/pid" ]; do
		kill -0 $pid 2>/dev/null || {
			cat "$dir/rsyslog/out" >&2
			fail "rsyslogd does not start"
		}
		[ $((tries -= 1)) -gt 0 ] || {
			kill $pid
			fail "rsyslogd does not listen"
		}
		sleep 0.1
	done
}

# Its last line is ours: what was logged before it is written when it is
stop() {
	dir=$(cd "$1" && pwd)
	pid=$(cat "$dir/rsyslog/pid" 2>/dev/null) && kill -0 "$pid" 2>/dev/null || return 0
	end="end of the rig $$"
	logger -u /dev/log -t rig "$end" || :
	tries=100
	until written "$end" || [ $((tries -= 1)) = 0 ]; do
		sleep 0.1
	done
	kill "$pid" 2>/dev/null || :
	gone=100
	while kill -0 "$pid" 2>/dev/null; do
		[ $((gone -= 1)) -gt 0 ] || {
			kill -KILL "$pid"
			fail "rsyslogd did not end"
		}
		sleep 0.1
	done
	[ $tries -gt 0 ] || fail "not everything was written"
}

written() {
	for log in log-3164 log-iso log-5424; do
		tail -n 5 "$dir/$log" 2>/dev/null | grep -q "$1\$" || return 1
	done
}

case "${1-}" in
enter)
	shift
	[ $# -ge 1 ] || usage
	[ "$(id -u)" = 0 ] || fail "needs root"
	unshare -m true 2>/dev/null ||
		fail "no namespace of its own: not allowed here (CAP_SYS_ADMIN), or a chroot"
	exec unshare -m -- "$0" entered "$@"
	;;
entered) # by the above
	shift
	dev=$(mktemp -d) || exit 73
	make_dev "$dev" || fail "no /dev of its own: mount is not allowed here (CAP_SYS_ADMIN)"
	rmdir "$dev"
	exec "$@"
	;;
start | stop)
	if [ $# != 2 ] || ! [ -d "$2" ]; then
		usage
	fi
	"$1" "$2"
	;;
*) usage ;;
esac
