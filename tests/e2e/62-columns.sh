#!/bin/sh
# What a source's configuration takes out of its records: metadata, VERP, native with
# native: true at one output and extra: at all, the same after a kill -9 in mid-file, where
# the header is known from the state file alone, and by replay --source.
. "$(dirname "$0")/lib.sh"

sink() { # NAME: its events in $TMP/NAME.out, its address put for @NAME@ in the configuration
	"$BOUNCEFEED" sink --listen 127.0.0.1:0 >"$TMP/$1.out" 2>"$TMP/$1.err" &
	started $!
	wait_for 'grep -q "127.0.0.1:" "$TMP/'"$1"'.err"' 5
	sed -i "s/@$1@/$(grep -o '127.0.0.1:[0-9]*' "$TMP/$1.err" | head -n 1)/" "$TMP/c.yaml"
}
cat >"$TMP/c.yaml" <<EOF
sources:
  - name: p
    format: pmta
    path: $TMP/b.csv
    start: beginning
    timezone: Europe/Berlin
    labels: {cluster: eu1}
    extra: [userString]
    bounces: {verp: ['^b\+(?<id>\d+)-(?<recipient>.+)@']}
    metadata:
      campaign: {from: headers.x-fblid, pattern: '^(?<campaign>c\d+)'}
      run: {from: verp.id}
outputs:
  - {name: all, url: "http://@all@/", native: true, batch: {linger: 10ms}}
  - {name: some, url: "http://@some@/", batch: {linger: 10ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
sink all
sink some
HEADER=type,timeLogged,orig,rcpt,dsnStatus,bounceCat,userString,dlvSize,header_X-FBLId
row() { # NAME NUMBER
	printf 'b,2026-07-02 08:00:00,b+%s-%s=example.net@l.example,%s@other.example,5.1.1 (x),bad-mailbox,u-%s,4%s,c17.l3\n' \
		"$2" "$1" "$1" "$2" "$2"
}
field() { # FILE LINE KEY.KEY
	sed -n "${2}p" "$TMP/$1" | python3 -c 'import functools, json, sys
print(functools.reduce(lambda v, k: v.get(k, "-") if isinstance(v, dict) else "-",
                       sys.argv[1].split("."), json.load(sys.stdin)))' "$3"
}
is() { # FILE LINE KEY.KEY WANT
	got=$(field "$1" "$2" "$3")
	[ "$got" = "$4" ] || fail "$1, event $2: $3: got $got, want $4"
}
whole() { # FILE LINE NAME NUMBER: what does not depend on the output
	is "$1" "$2" recipient "$3@example.net"
	is "$1" "$2" recipient_domain example.net
	is "$1" "$2" final_recipient "$3@other.example"
	is "$1" "$2" verp.id "$4"
	is "$1" "$2" metadata.campaign c17
	is "$1" "$2" metadata.run "$4"
	is "$1" "$2" labels.cluster eu1
	is "$1" "$2" time 2026-07-02T06:00:00Z
	is "$1" "$2" native.userString "u-$4"
}

{ echo $HEADER; row anna 1; } >"$TMP/b.csv"
start_daemon "$TMP/c.yaml"
arrived() { wait_for '[ "$(wc -l <"$TMP/all.out")" = '"$1"' ] && [ "$(wc -l <"$TMP/some.out")" = '"$1"' ]' 20; }
arrived 1
stored "$TMP/state.db"
kill9 "$DAEMON_PID"
row bert 2 >>"$TMP/b.csv"
start_daemon "$TMP/c.yaml"
arrived 2
for n in 1 2; do
	[ $n = 1 ] && name=anna || name=bert
	whole all.out $n "$name" $n
	whole some.out $n "$name" $n
	is all.out $n native.dlvSize 4$n
	is some.out $n native.dlvSize -
	is all.out $n id "$(field some.out $n id)"
done
# a receipt and a queue's failure give no event, and are counted; so is a delivery, which no
# output wants
{
	echo 'r,2026-07-02 08:00:00,,x@example.net,,,,,'
	echo 'tq,2026-07-02 08:00:00,,,4.4.1,,,,'
	echo 'd,2026-07-02 08:00:00,,x@example.net,2.0.0,,,,'
	row cid 3
} >>"$TMP/b.csv"
arrived 3
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "exit $STOPPED"
"$BOUNCEFEED" status -c "$TMP/c.yaml" >"$TMP/status" || [ $? = 1 ] || fail "status: $?"
{ grep -q '2 others' "$TMP/status" && grep -q '1 delivery' "$TMP/status"; } ||
	fail "not counted: $(cat "$TMP/status")"

# the same file by hand, as that source's
"$BOUNCEFEED" replay -c "$TMP/c.yaml" --source p "$TMP/b.csv" >"$TMP/replay.out" 2>"$TMP/err" ||
	fail "replay: $(cat "$TMP/err")"
grep -q '^1 files, 4 events, 2 records without event, 0 bad records$' "$TMP/err" ||
	fail "replay said $(cat "$TMP/err")"
whole replay.out 1 anna 1
is replay.out 2 id "$(field all.out 2 id)"
rc=0
"$BOUNCEFEED" replay -c "$TMP/c.yaml" --source q "$TMP/b.csv" >/dev/null 2>"$TMP/err" || rc=$?
[ $rc = 64 ] || fail "replay --source q: exit $rc, want 64"
pass
