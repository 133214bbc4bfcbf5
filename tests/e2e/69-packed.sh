#!/bin/sh
# Rotated files that were packed: what was not read of them is read from the .gz or .zst
# and nothing twice (RT4, RT11): packed while the daemon runs, and while it is down for
# three rotations; a copy in the making is left alone; a glob that catches live and packed.
. "$(dirname "$0")/lib.sh"

config() {
	cat >"$TMP/c.yaml" <<EOF2
sources:
  - {name: p, format: pmta, path: "$TMP/acct.csv*", start: beginning}
outputs:
  - name: o
    url: $BACKEND_URL
    batch: {max_events: 100, linger: 20ms}
    retry: {min: 10ms, max: 100ms, hold: 300ms}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF2
}

# write COUNT FIRST: records into the live file
write() {
	"$E2E/writer.py" --file "$TMP/acct.csv" --list "$TMP/written" --count "$1" --first "$2"
}

# rotate NAME
rotate() {
	mv "$TMP/acct.csv" "$TMP/acct.csv.$1"
}

arrived='"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --only'
start_backend
config
start_daemon "$TMP/c.yaml"
write 300 1
wait_for "$arrived" 10 >"$TMP/result" 2>&1

# packed while it runs
rotate 1
gzip "$TMP/acct.csv.1"
write 200 1001
wait_for "$arrived" 10 >"$TMP/result" 2>&1

# down for three rotations, with unread records in each
stored "$TMP/state.db"
kill9 "$DAEMON_PID"
write 100 2001
rotate 2
zstd -q --rm "$TMP/acct.csv.2"
write 100 3001
rotate 3
gzip -9 "$TMP/acct.csv.3"
write 100 4001
rotate 4
write 100 5001
start_daemon "$TMP/c.yaml"
wait_for "$arrived" 15 >"$TMP/result" 2>&1

# once more from the start: all is known, nothing comes twice
stored "$TMP/state.db"
kill9 "$DAEMON_PID"
n=$(requests)
start_daemon "$TMP/c.yaml"
write 10 6001
wait_for "$arrived" 10 >"$TMP/result" 2>&1
[ "$(requests)" -le $((n + 2)) ] || fail "$(($(requests) - n)) requests for ten records"

# down; the unread rest lies in a .gz of which only a part is there yet
stored "$TMP/state.db"
kill9 "$DAEMON_PID"
write 5000 10001
rotate 5
gzip -k "$TMP/acct.csv.5"
mv "$TMP/acct.csv.5.gz" "$TMP/whole.gz"
rm "$TMP/acct.csv.5"
head -c "$(($(stat -c %s "$TMP/whole.gz") / 2))" "$TMP/whole.gz" >"$TMP/acct.csv.5.gz"
write 10 20001
cp "$TMP/written" "$TMP/all"
grep -v n01 "$TMP/all" >"$TMP/written"
start_daemon "$TMP/c.yaml"
wait_for "$arrived" 10 >"$TMP/result" 2>&1
sleep 3
eval "$arrived" >"$TMP/result" 2>&1 || fail "half a .gz was read: $(cat "$TMP/result")"
cp "$TMP/whole.gz" "$TMP/acct.csv.5.gz"
touch "$TMP/acct.csv.5.gz"
cp "$TMP/all" "$TMP/written"
wait_for "$arrived" 15 >"$TMP/result" 2>&1
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$("$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --only)"
