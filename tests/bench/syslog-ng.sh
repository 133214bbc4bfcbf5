#!/bin/sh
# tests/bench/syslog-ng.sh fetch CACHE: unpacks Debian's syslog-ng into CACHE/root, once.
# tests/bench/syslog-ng.sh run CACHE WORK FILE URL: becomes a syslog-ng that reads FILE and posts
# it to URL as JSON, 500 records a request: of a CSV the rows, of a mail log the delivery lines,
# taken apart. WORK takes what it writes.
#
# Unpacked, not installed: the packages conflict with rsyslog. What they need and the machine
# has not is unpacked, too. fetch exits 1 where the packages are not to be had.
set -eu

usage() {
	echo "usage: syslog-ng.sh fetch CACHE | run CACHE WORK FILE URL" >&2
	exit 64
}
[ $# -ge 2 ] || usage
command=$1
root=$2/root

# the names that a package needs and that are not installed here
missing() {
	apt-cache depends --no-recommends --no-suggests --no-conflicts --no-breaks \
		--no-replaces --no-enhances "$@" 2>/dev/null |
		sed -n 's/^  Depends: \(lib[^ ]*\)$/\1/p' | sort -u | while read -r p; do
		dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null |
			grep -qx installed || echo "$p"
	done
}

fetch() {
	[ ! -x "$root/usr/sbin/syslog-ng" ] || return 0
	rm -rf "$root"
	mkdir -p "$root"
	(
		cd "$root/.."
		# shellcheck disable=SC2046 # a list of words
		apt-get -qq download syslog-ng-core syslog-ng-mod-http \
			$(missing syslog-ng-core syslog-ng-mod-http)
	) >"$root/../fetch.log" 2>&1 || return 1
	for deb in "$root"/../*.deb; do
		dpkg -x "$deb" "$root" || return 1
	done
	rm -f "$root"/../*.deb
	libraries
	"$root/usr/sbin/syslog-ng" --module-path="$modules" --version >"$root/../version" 2>&1 && return
	rm -rf "$root" # it will not do: ask again next time
	return 1
}

libraries() {
	triplet=$(basename "$(dirname "$(find "$root/usr/lib" -name 'libivykis.so.0')")")
	modules=$(dirname "$(find "$root/usr/lib/syslog-ng" -name 'libhttp.so')")
	LD_LIBRARY_PATH=$root/usr/lib/syslog-ng:$root/usr/lib/$triplet:$root/lib/$triplet
	export LD_LIBRARY_PATH
}

# as an administrator would: what has a status, by one regular expression
maillog() {
	flags=
	pairs=
	for name in qid rcpt relay delay dsn status text; do
		pairs="$pairs --key $name"
	done
	path='filter(f); parser(p);'
	steps='filter f { match(" status=" value("MESSAGE") type("string") flags("substring")); };
parser p { regexp-parser(patterns("^(?<qid>[0-9A-Za-z]+): to=<(?<rcpt>[^>]*)>, relay=(?<relay>[^,]*), .*delay=(?<delay>[^,]*), .*dsn=(?<dsn>[^,]*), status=(?<status>[a-z]+) [(](?<text>.*)[)]$")); };'
}

csv() { # FILE
	flags=no-parse
	columns=$(head -n 1 "$1" | sed 's/,/", "/g')
	pairs=$(head -n 1 "$1" | tr ',' '\n' | sed 's/.*/ --key &/' | tr -d '\n')
	path='parser(p);'
	steps="parser p { csv-parser(columns(\"$columns\") delimiters(\",\") quote-pairs('\"\"')
	flags(escape-double-char)); };"
}

config() { # FILE URL
	case "$(head -n 1 "$1")" in
	type,*) csv "$1" ;;
	*) maillog ;;
	esac
	cat <<EOF
@version: 3.38
@module affile
@module csvparser
@module http
@module json-plugin
@module regexp-parser
options { stats-freq(0); use-dns(no); dns-cache(no); log-fifo-size(20000); };
source s { file("$1" flags($flags) follow-freq(0.1) log-fetch-limit(1000)
	log-iw-size(10000)); };
$steps
destination d {
	http(url("$2") method("POST") headers("Content-Type: application/json")
		body-prefix("[") delimiter(",") body-suffix("]")
		body("\$(format-json --scope none$pairs)")
		batch-lines(500) batch-timeout(100) workers(1));
};
log { source(s); $path destination(d); flags(flow-control); };
EOF
}

case $command in
fetch)
	fetch
	;;
run)
	[ $# = 5 ] || usage
	libraries
	mkdir -p "$3"
	config "$4" "$5" >"$3/syslog-ng.conf"
	exec "$root/usr/sbin/syslog-ng" -F --no-caps --module-path="$modules" \
		-f "$3/syslog-ng.conf" -R "$3/persist" -p "$3/pid" -c "$3/ctl"
	;;
*)
	usage
	;;
esac
