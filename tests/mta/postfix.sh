#!/bin/sh
# tests/mta/postfix.sh DIR: makes a Postfix instance of its own in DIR and starts it
#
# DIR has ports.tsv already (peer.py writes it); its last part is the instance's name, what is
# special about it says config.py. Everything is in DIR: etc, queue, data, mail. Listens on
# loopback ports, asks no DNS, touches no other instance. Needs root, as Postfix does.
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
# Postfix's own users have to reach it
chmod 755 "$dir"
mkdir -p "$dir/etc" "$dir/queue" "$dir/data" "$dir/mail" "$dir/virt" "$dir/forward"
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

/usr/bin/python3 "$here/config.py" "$dir"

cat >"$dir/etc/main.cf" <<END
compatibility_level = 3.6
queue_directory = $dir/queue
data_directory = $dir/data
myhostname = mx1.example
myorigin = local.test
mydestination = local.test
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
smtpd_recipient_restrictions = check_recipient_access texthash:$dir/etc/access,
  permit_mynetworks, reject
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_authorized_xforward_hosts = 127.0.0.0/8
allow_min_user = yes
header_checks = regexp:$dir/etc/header_checks
smtpd_reject_unlisted_recipient = no
# the rig is one impatient client
smtpd_client_connection_count_limit = 0
disable_dns_lookups = yes
smtp_host_lookup = native
lmtp_host_lookup = native
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
forward_path = $dir/forward/\${user}
smtp_tls_security_level = none
smtp_skip_5xx_greeting = yes
# retried soon, given up soon
queue_run_delay = 1s
minimal_backoff_time = 3s
maximal_backoff_time = 4s
maximal_queue_lifetime = 12s
bounce_queue_lifetime = 12s
# every try really reaches the peer, whose account of it is what counts ...
default_destination_concurrency_failed_cohort_limit = 0
# ... but for this one: "delivery temporarily suspended"
refused_destination_concurrency_failed_cohort_limit = 1
refused_initial_destination_concurrency = 1
refused_destination_concurrency_limit = 1
refused_destination_recipient_limit = 1
exits_destination_recipient_limit = 1
END
cat "$dir/etc/instance.cf" >>"$dir/etc/main.cf"

name=$(sed -n 's/^syslog_name = //p' "$dir/etc/instance.cf")
port() {
	sed -n "s/^$1=//p" "$dir/etc/ports"
}
filter() {
	sed -n "s/^$1=//p" "$dir/etc/filters"
}
# chroot off: DIR holds no libraries. The usual services, more listeners, and transports
# with names of their own, as admins of bulk mailers have them.
awk -v port="$(port smtpd)" '
	/^#/ || /^[ \t]/ { next }
	$8 == "pipe" { next }
	$1 == "smtp" && $2 == "inet" { $1 = "127.0.0.1:" port }
	{ $5 = "n"; print }
' /usr/share/postfix/master.cf.dist >"$dir/etc/master.cf"
cat >>"$dir/etc/master.cf" <<END
refused unix - - n - - smtp
# for the peer that says nothing
hasty unix - - n - - smtp
  -o smtp_rcpt_timeout=4s
  -o smtp_data_done_timeout=4s
bulk unix - - n - - smtp
  -o syslog_name=$name/bulk
exits unix - n n - - pipe
  flags=R user=nobody argv=$dir/exits \${user}
# three ways through a content filter: aliases before it, and after it; and back
127.0.0.1:$(port smtpd-filter) inet n - n - - smtpd
  -o content_filter=$(filter filter)
127.0.0.1:$(port smtpd-amavis) inet n - n - - smtpd
  -o content_filter=$(filter amavis)
  -o receive_override_options=no_address_mappings
127.0.0.1:$(port smtpd-lmtpfilter) inet n - n - - smtpd
  -o content_filter=$(filter lmtpfilter)
  -o receive_override_options=no_address_mappings
scan unix - - n - - smtp
scanx unix - - n - - smtp
  -o smtp_send_xforward_command=yes
scanlmtp unix - - n - - lmtp
  -o lmtp_send_xforward_command=yes
127.0.0.1:$(port smtpd-again) inet n - n - - smtpd
127.0.0.1:$(port smtpd-clean) inet n - n - - smtpd
  -o syslog_name=$name/clean
  -o receive_override_options=no_header_body_checks,no_unknown_recipient_checks,no_milters
END

postfix -c "$dir/etc" start
