#!/bin/sh
# tests/mta/postfix.sh DIR: makes a Postfix instance of its own in DIR and starts it
#
# DIR has ports.tsv already (peer.py writes it). Everything is in DIR: etc, queue, data, mail,
# maillog. Listens on one loopback port, talks to loopback ports, asks no DNS, touches no other
# instance. LONG_IDS=yes for long queue ids. Needs root, as Postfix does.
# Stop it with: postfix -c DIR/etc stop
set -eu

if [ $# != 1 ] || ! [ -s "$1/ports.tsv" ]; then
	echo "usage: tests/mta/postfix.sh DIR (with ports.tsv, see peer.py)" >&2
	exit 64
fi
here=$(cd "$(dirname "$0")" && pwd)
dir=$(cd "$1" && pwd)
[ "$(id -u)" = 0 ] || {
	echo "postfix.sh: needs root" >&2
	exit 77
}
port=$(awk '$1 == "smtpd" { print $2 }' "$dir/ports.tsv")

# Postfix's own users have to reach it
chmod 755 "$dir"
mkdir -p "$dir/etc" "$dir/queue" "$dir/data" "$dir/mail" "$dir/virt"
chown postfix "$dir/data"
chmod 1777 "$dir/mail"
chown nobody "$dir/virt"

# pipe(8) and local(8) run it: ends as the word says, and says the word
cat >"$dir/exits" <<'END'
#!/bin/sh
cat >/dev/null
# 3 says nothing: Postfix then names the command
[ "$1" = exit-3 ] || [ "$1" = exit-0 ] || echo "$1"
exit "${1#exit-}"
END
chmod 755 "$dir/exits"

/usr/bin/python3 "$here/cases.py" maps "$dir"

cat >"$dir/etc/main.cf" <<END
compatibility_level = 3.6
queue_directory = $dir/queue
data_directory = $dir/data
maillog_file = $dir/maillog
maillog_file_prefixes = $dir
myhostname = mx1.example
mydestination = local.test
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_reject_unlisted_recipient = no
# the rig is one impatient client
smtpd_client_connection_count_limit = 0
disable_dns_lookups = yes
transport_maps = texthash:$dir/etc/transport
virtual_alias_maps = texthash:$dir/etc/virtual
virtual_alias_domains = va.test
virtual_mailbox_domains = virt.test
virtual_mailbox_maps = texthash:$dir/etc/boxes
virtual_mailbox_base = $dir/virt
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
alias_maps = texthash:$dir/etc/aliases
alias_database =
local_recipient_maps =
mailbox_command =
mail_spool_directory = $dir/mail
allow_mail_to_files = alias
biff = no
enable_long_queue_ids = ${LONG_IDS:-no}
smtp_tls_security_level = none
smtp_skip_5xx_greeting = yes
# for the peer that says nothing
smtp_rcpt_timeout = 4s
# retried soon, given up soon
queue_run_delay = 1s
minimal_backoff_time = 2s
maximal_backoff_time = 3s
maximal_queue_lifetime = 8s
bounce_queue_lifetime = 8s
# every try really reaches the peer, whose account of it is what counts ...
default_destination_concurrency_failed_cohort_limit = 0
# ... but for this one: "delivery temporarily suspended"
refused_destination_concurrency_failed_cohort_limit = 1
refused_initial_destination_concurrency = 1
refused_destination_concurrency_limit = 1
refused_destination_recipient_limit = 1
exits_destination_recipient_limit = 1
END

# chroot off: DIR holds no libraries. The usual services, another listener, and transports
# with names of their own, as admins of bulk mailers have them.
awk -v port="$port" '
	/^#/ || /^[ \t]/ { next }
	$8 == "pipe" { next }
	$1 == "smtp" && $2 == "inet" { $1 = "127.0.0.1:" port }
	{ $5 = "n"; print }
' /usr/share/postfix/master.cf.dist >"$dir/etc/master.cf"
cat >>"$dir/etc/master.cf" <<END
refused unix - - n - - smtp
bulk unix - - n - - smtp
  -o syslog_name=postfix/bulk
exits unix - n n - - pipe
  flags=R user=nobody argv=$dir/exits \${user}
END

postfix -c "$dir/etc" start
