#!/bin/sh
# tests/mta/sendmail.sh ROOT DIR setup|start|runner|stop: a sendmail of the rig's own, all in DIR
#
#   setup   its files: two configurations (the server's, and that of the submission program)
#   start   the server on 127.0.0.1:25
#   runner  the queue runner of the submission program
#   stop    end both, by their pid files
#
# ROOT is where script/get-sendmail unpacked the package. In namespaces of its own (run-sendmail):
# mounts, for /dev/log, /etc/hosts and /etc/resolv.conf; network, for port 25 and the DNS.
# DEBIAN=yes: with the tags sm-mta and sm-msp-queue. LOG_LEVEL (9) as in sendmail.cf. Retries after
# 2 s, warns after 4 s, gives up after 8 s.
set -eu

usage() {
	echo "usage: tests/mta/sendmail.sh ROOT DIR setup|start|runner|stop" >&2
	exit 64
}
if [ $# != 3 ] || ! [ -d "$1" ] || ! [ -d "$2" ]; then
	usage
fi
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$1" && pwd)
dir=$(cd "$2" && pwd)
sendmail=$root/usr/libexec/sendmail/sendmail
cf=$root/usr/share/sendmail/cf

# what both configurations have; sendmail itself finds nothing in /etc/mail
common() {
	cat <<END
divert(-1)
include(\`$cf/m4/cf.m4')
divert(0)dnl
VERSIONID(\`rig')
define(\`confEBINDIR', \`$root/usr/libexec/sendmail')
define(\`PROCMAIL_MAILER_PATH', \`/bin/false')
OSTYPE(\`linux')
define(\`confLOG_LEVEL', \`${LOG_LEVEL:-9}')
define(\`confSERVICE_SWITCH_FILE', \`$dir/etc/switch')
define(\`confTO_IDENT', \`0')
define(\`confMIN_QUEUE_AGE', \`1s')
define(\`confQUEUE_LA', \`999')
define(\`confREFUSE_LA', \`999')
define(\`confDELAY_LA', \`0')
define(\`confBIND_OPTS', \`WorkAroundBrokenAAAA')
define(\`confDONT_BLAME_SENDMAIL', \`GroupWritableDirPathSafe,IncludeFileInUnsafeDirPath,dnl
RunProgramInUnsafeDirPath,ForwardFileInUnsafeDirPath')
END
}

server() {
	common
	cat <<END
define(\`QUEUE_DIR', \`$dir/mqueue')
define(\`STATUS_FILE', \`$dir/statistics')
define(\`ALIAS_FILE', \`$dir/etc/aliases')
define(\`HELP_FILE', \`$dir/etc/helpfile')
define(\`confPID_FILE', \`$dir/server.pid')
define(\`confDEF_USER_ID', \`nobody:nogroup')
define(\`confPRIVACY_FLAGS', \`')
define(\`confTO_QUEUEWARN', \`4s')
define(\`confTO_QUEUERETURN', \`8s')
define(\`confTO_CONNECT', \`5s')
define(\`confTO_ICONNECT', \`5s')
define(\`confTO_INITIAL', \`5s')
define(\`confTO_RCPT', \`5s')
define(\`confTO_DATAFINAL', \`5s')
define(\`LOCAL_MAILER_PATH', \`$dir/deliver')
define(\`LOCAL_MAILER_ARGS', \`deliver \$u')
FEATURE(\`nouucp', \`nospecial')
FEATURE(\`nocanonify')
FEATURE(\`accept_unresolvable_domains')
FEATURE(\`accept_unqualified_senders')
FEATURE(\`local_procmail', \`$dir/deliver', \`deliver \$u')
DAEMON_OPTIONS(\`Name=MTA, Addr=127.0.0.1, Port=25')
FEATURE(\`no_default_msa')
LOCAL_DOMAIN(\`local.test')
MAILER(\`local')
MAILER(\`smtp')
END
}

client() {
	common
	cat <<END
define(\`MSP_QUEUE_DIR', \`$dir/clientmqueue')
define(\`confRUN_AS_USER', \`daemon')
define(\`confTO_QUEUERETURN', \`8s')
define(\`confPID_FILE', \`$dir/clientmqueue/runner.pid')
FEATURE(\`msp', \`[127.0.0.1]')
END
}

setup() {
	mkdir -p "$dir/etc" "$dir/mqueue" "$dir/clientmqueue" "$dir/mail"
	chmod 700 "$dir/mqueue" "$dir/clientmqueue"
	chown nobody "$dir/mail"
	chown daemon "$dir/clientmqueue"
	printf 'hosts\tfiles dns\naliases\tfiles\npasswd\tfiles\n' >"$dir/etc/switch"
	# the local mailer, and what aliases pipe to: ends as the word says, and says the word
	cat >"$dir/deliver" <<'END'
#!/bin/sh
cat >/dev/null
case "$1" in
exit-*)
	echo "$1 said so"
	exit "${1#exit-}"
	;;
esac
END
	cp "$dir/deliver" "$dir/prog"
	chmod 755 "$dir/deliver" "$dir/prog"
	/usr/bin/python3 "$here/sendmail_cases.py" aliases "$dir" >"$dir/etc/aliases"
	: >"$dir/etc/helpfile"
	server | m4 -D_CF_DIR_="$cf/" - >"$dir/etc/sendmail.cf"
	client | m4 -D_CF_DIR_="$cf/" - >"$dir/etc/submit.cf"
	"$sendmail" -C "$dir/etc/sendmail.cf" -bi >"$dir/newaliases.log"
}

case "$3" in
setup) setup ;;
start)
	"$sendmail" ${DEBIAN:+-L sm-mta} -C "$dir/etc/sendmail.cf" -bd -q2s
	;;
runner)
	"$sendmail" ${DEBIAN:+-L sm-msp-queue} -C "$dir/etc/submit.cf" -Ac -q2s
	;;
stop)
	for file in clientmqueue/runner.pid server.pid; do
		pid=$(head -n 1 "$dir/$file" 2>/dev/null) || continue
		[ ! "$pid" ] || kill "$pid" 2>/dev/null || :
	done
	;;
*) usage ;;
esac
