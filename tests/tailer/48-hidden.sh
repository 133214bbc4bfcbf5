#!/bin/sh
# What was once lost for good: a file of the archive that could not be looked at for a moment, or
# not be read while it was unpacked; a packed one from a clock that is ahead; the last records
# without a line end of more files than there are places; and half a record that lay still for
# longer than the grace time when its file was renamed and its writer wrote the rest (the
# grace time begins when a file leaves the path).
. "$(dirname "$0")/lib.sh"

${CC:-cc} -D_GNU_SOURCE -O1 -fPIC -shared -o "$TMP/stale.so" "$E2E/stale.c" -ldl ||
	fail "stale.c does not compile"
start_backend
mkdir "$TMP/a" "$TMP/a/old" "$TMP/c" "$TMP/d" "$TMP/away"
cat >"$TMP/c.yaml" <<EOC
sources:
  - {name: a, format: pmta, start: beginning, path: $TMP/a/acct.csv, archive: $TMP/a/old}
  - {name: c, format: pmta, start: beginning, path: $TMP/c/acct.csv}
  - {name: d, format: pmta, start: beginning, path: $TMP/d/acct.csv}
outputs: [{name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}]
state: {path: $TMP/state.db, min_free: 1MiB}
EOC
rows() { # FILE FIRST COUNT
	"$E2E/writer.py" --file "$1" --list "$TMP/written" --first "$2" --count "$3"
}
came='"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --only --db "$TMP/state.db" \
	>"$TMP/result" 2>&1'
LD_PRELOAD="${SAN:+$SAN:}$TMP/stale.so" STALE_FLAG=$TMP/flag STALE_PATH=$TMP/a/old/ \
	"$BOUNCEFEED" run -c "$TMP/c.yaml" 2>>"$TMP/daemon.log" &
DAEMON_PID=$!
started $DAEMON_PID
rows "$TMP/a/acct.csv" 1 5
# half of a record, and its writer goes quiet
rows "$TMP/whole" 101 6
size=$(wc -c <"$TMP/whole")
head -c $((size - 30)) "$TMP/whole" >"$TMP/d/acct.csv"
quiet=$(date +%s)
wait_for '[ "$("$E2E/recipients.py" "$BACKEND_LOG" 2>/dev/null | wc -l)" -ge 10 ]' 10

# it cannot be looked at when it comes
echo "5 stat" >"$TMP/flag"
rows "$TMP/new" 1001 20
mv "$TMP/new" "$TMP/a/old/one.csv"
sleep 3
rm "$TMP/flag"
# another one cannot be read while it is unpacked; one is of tomorrow
rows "$TMP/new" 2001 20
gzip "$TMP/new"
mv "$TMP/new.gz" "$TMP/a/old/two.csv.gz"
sleep 1
echo "5 read" >"$TMP/flag"
sleep 4
rm "$TMP/flag"
rows "$TMP/new" 3001 20
gzip "$TMP/new"
touch -d "+1 day" "$TMP/new.gz"
mv "$TMP/new.gz" "$TMP/a/old/three.csv.gz"
# 40 rotated files, each without its last line end
i=0
while [ $((i += 1)) -le 40 ]; do
	rows "$TMP/new" $((4000 + i * 10)) 3
	truncate -s -1 "$TMP/new"
	mv "$TMP/new" "$TMP/c/acct.csv.$i"
done
while [ "$(date +%s)" -lt $((quiet + 32)) ]; do sleep 0.5; done
mv "$TMP/d/acct.csv" "$TMP/away/acct.csv"
: >"$TMP/d/acct.csv"
sleep 2
tail -c 30 "$TMP/whole" >>"$TMP/away/acct.csv"
wait_for "$came" 60
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$(cat "$TMP/result")"
