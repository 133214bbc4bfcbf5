#!/bin/sh
# What status says of a source: each file with its place, how far behind it is in bytes and
# seconds, with a daemon and without one, over rotations in between; bad records with what was
# in them, escaped; rates; silence; files that cannot be read; 2,000 files on a page.
. "$(dirname "$0")/lib.sh"

HEAD='type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat,jobId'
mkdir "$TMP/state" "$TMP/logs" "$TMP/logs/many" "$TMP/archive"
start_backend
config() { # SILENT_AFTER of p
	cat >"$TMP/c.yaml" <<END
sources:
  - name: p
    format: pmta
    path: $TMP/logs/p*.csv
    archive: $TMP/archive
    start: beginning
    silent_after: $1
  - {name: many, format: pmta, path: $TMP/logs/many/*.csv, start: beginning}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $TMP/state/state.db, min_free: 1MiB}
END
}
row() { # RECIPIENT [AGE]: a record, logged so long ago
	echo "b,$(date -u -d "${2:-now}" '+%Y-%m-%d %H:%M:%S+0000'),s@example.com,$1,5.1.1,no,bad-mailbox,j"
}
run() { # WANT [ARGUMENT...]
	want=$1
	shift
	rc=0
	"$BOUNCEFEED" status "$@" -c "$TMP/c.yaml" >"$TMP/out" 2>"$TMP/err" || rc=$?
	[ $rc = "$want" ] || fail "status $*: exit $rc, want $want: $(cat "$TMP/out" "$TMP/err")"
}
said() { # PATTERN of grep -E
	grep -qE -e "$1" "$TMP/out" || fail "\"$1\" is not said: $(cat "$TMP/out")"
}
unsaid() {
	! grep -E -e "$1" "$TMP/out" || fail "\"$1\" is said"
}
cat >"$TMP/judge.py" <<'END'
import json
import sys

status = json.load(open(sys.argv[1], encoding="utf-8"))
p, many = status["sources"][:2]
file = {f["path"].rsplit("/", 1)[1]: f for f in p["files"]}
if not eval(sys.argv[2]):
    sys.exit(f"not so: {sys.argv[2]}: {json.dumps(p, indent=1)[:4000]}")
END
json() { # EXPRESSION over p, many and the files of p by name
	"$BOUNCEFEED" status --json -c "$TMP/c.yaml" >"$TMP/json" 2>"$TMP/err"
	/usr/bin/python3 "$TMP/judge.py" "$TMP/json" "$1" || fail "$(cat "$TMP/err")"
}
got() {
	"$E2E/recipients.py" "$BACKEND_LOG" | wc -l
}

# --- history in the archive is ignored, the rest read; bad records with their bytes
config 0
{
	echo "$HEAD"
	row old@example.net '40 days ago'
} >"$TMP/archive/p-2026-01-01-0000.csv"
touch -d '40 days ago' "$TMP/archive/p-2026-01-01-0000.csv"
{
	echo "$HEAD"
	row a@example.net
	row b@example.net
	printf 'to\033[31mrn,"<r@w>"\n'
} >"$TMP/logs/p.csv"
echo "$HEAD" >"$TMP/logs/p2.csv" # no record yet: nothing is behind
start_daemon "$TMP/c.yaml"
wait_for '[ "$(got)" = 2 ]' 10
stored "$TMP/state/state.db"
size=$(wc -c <"$TMP/logs/p.csv")
wait_for '"$BOUNCEFEED" status -c "$TMP/c.yaml" | grep -q "p.csv: at $size of $size "' 10
run 0
key=$(printf '%s%s' "$HEAD" "$(sed -n 2p "$TMP/logs/p.csv")" | sha256sum | cut -c1-16)
said "^  $TMP/logs/p.csv: at $size of $size bytes, 0 behind \\($(stat -c %d:%i "$TMP/logs/p.csv"), key $key\\)\$"
said "^  $TMP/logs/p2.csv: at 0 of $((${#HEAD} + 1)) bytes, 0 behind"
said '^source p: last event 20.*, 1 bad records \(last: .* in .*/p.csv at [0-9]+\)$'
said '^  last bad record: to\\x1b\[31mrn,"<r@w>"$'
said '^  1 more is ignored'
unsaid 'bytes behind, '
said '^  0\.0[0-9]+ events a second in the last minute, 0\.00[0-9] in the last hour$'
json '0.016 < p["events_per_second"]["minute"] <= 2 / 60 + .001 and p["events_per_second"]["hour"] > 0'
json 'p["last_bad_bytes"].endswith("31mrn,\"<r@w>\"") and p["last_bad_offset"] > 100'
json 'file["p-2026-01-01-0000.csv"]["ignored"] and file["p.csv"]["live"] and p["lag_bytes"] == 0'
json 'file["p.csv"]["inode"] == '"$(stat -c %i "$TMP/logs/p.csv")"' and file["p.csv"]["key"] == "'"$key"'"'

# --- without a daemon: rotated into the archive with unread records, a new one in its place
stop "$DAEMON_PID"
row c@example.net '100 seconds ago' >>"$TMP/logs/p.csv"
row d@example.net '50 seconds ago' >>"$TMP/logs/p.csv"
mv "$TMP/logs/p.csv" "$TMP/archive/p-2026-11-22-0001.csv"
{
	echo "$HEAD"
	row e@example.net '20 seconds ago'
} >"$TMP/logs/p.csv"
run 1
json 'file["p-2026-11-22-0001.csv"]["lag_bytes"] > 100 and 99 <= file["p-2026-11-22-0001.csv"]["lag_seconds"] < 160'
json 'file["p.csv"]["new"] and file["p.csv"]["lag_bytes"] == file["p.csv"]["size"]'
json '19 <= file["p.csv"]["lag_seconds"] < 80 and p["lag_seconds"] >= 99'
json 'p["lag_bytes"] == sum(f["lag_bytes"] for f in p["files"]) and p["files"][0]["lag_bytes"] > 0'
said "^  $TMP/archive/p-2026-11-22-0001.csv: .*, 1[0-9][0-9] s \\(.*, key $key, archive\\)\$"
start_daemon "$TMP/c.yaml"
wait_for '[ "$(got)" = 5 ]' 10
stored "$TMP/state/state.db"
wait_for '"$BOUNCEFEED" status -c "$TMP/c.yaml" | grep -cE "archive|p.csv: .* 0 behind" | grep -q 2' 10
json 'p["lag_bytes"] == p["lag_seconds"] == 0 and p["last_day"][0]["events"] == 5'

# --- it survives a restart, and counts are kept
stop "$DAEMON_PID"
json 'p["events_per_second"]["hour"] > 0 and p["bad_records"] == 1 and not p["silent"]'

# --- silent: 1, a warning, and since when
config 1s
start_daemon "$TMP/c.yaml"
wait_for 'grep -q "event=silent source=p" "$TMP/daemon.log"' 15
run 1
said '^  silent: nothing was written since 20[-0-9]+T[0-9:]+Z, [0-9]+ s$'
run 1 --check
said '^WARNING - source p: silent since 20[-0-9]+T[0-9:]+Z'
json 'p["silent"] and p["last_written"].startswith("20") and not many["silent"]'
row f@example.net >>"$TMP/logs/p.csv"
wait_for 'grep -q "event=heard source=p" "$TMP/daemon.log"' 10
stop "$DAEMON_PID"
config 0

# --- 2,000 files, one of them with a name to be afraid of, three behind
/usr/bin/python3 - "$TMP/logs/many" "$HEAD" "$(row x@example.net)" <<'END'
import sys
where, head, row = sys.argv[1:]
for i in range(1999):
    open(f"{where}/{i:04d}.csv", "w").write(f"{head}\n{row}{i}\n")
open(where + "/\33[2J\nsource p: fine.csv", "w").write(f"{head}\n{row}\n")
END
: >"$TMP/daemon.log"
start_daemon "$TMP/c.yaml"
wait_for '[ "$(got)" = 2006 ]' 60
stored "$TMP/state/state.db"
wait_for '"$BOUNCEFEED" status -c "$TMP/c.yaml" | grep -q "and 1980 more files, all read"' 10
stop "$DAEMON_PID"
for i in 0007 0008 1998; do
	row "y$i@example.net" >>"$TMP/logs/many/$i.csv"
done
row y@example.net >>"$TMP/logs/many/0008.csv"
run 1
[ "$(wc -l <"$TMP/out")" -lt 50 ] || fail "$(wc -l <"$TMP/out") lines"
sed -n '/^source many/,$p' "$TMP/out" | sed -n 3p | grep -q '/many/0008.csv: .* behind, ' ||
	fail "what is behind does not come first: $(cat "$TMP/out")"
said 'and 1980 more files, all read'
unsaid '^source p: fine'
json 'len(many["files"]) == 2000 and sum(f["lag_bytes"] > 0 for f in many["files"]) == 3'

# --- what cannot be read
[ "$(id -u)" = 0 ] || pass "without the files that cannot be read: they need root"
OTHER=$(mktemp -d -p /tmp) # where he can reach it
leave() {
	rc=$?
	rm -rf "$OTHER"
	(exit $rc) # for cleanup
	cleanup
}
trap leave EXIT
sed "s|$TMP/|$OTHER/|" "$TMP/c.yaml" >"$OTHER/c.yaml"
mkdir "$OTHER/logs" "$OTHER/logs/many" "$OTHER/archive"
cp -r "$TMP/state" "$OTHER"
cp "$TMP/logs/p2.csv" "$OTHER/logs"
chown -R 61234:61234 "$OTHER/state"
chmod 755 "$OTHER"
chmod 000 "$OTHER/logs/p2.csv"
cp "$OTHER/c.yaml" "$TMP/c.yaml" # for run
rc=0
setpriv --reuid=61234 --regid=61234 --clear-groups "$BOUNCEFEED" status -c "$OTHER/c.yaml" \
	>"$TMP/out" 2>"$TMP/err" || rc=$?
[ $rc = 1 ] || fail "unreadable: exit $rc: $(cat "$TMP/out" "$TMP/err")"
said "^  $OTHER/logs/p2.csv: .*, unreadable: Permission denied\\)\$"
run 2 --check # root becomes the owner, and cannot read it either
said 'source p: 1 unreadable: .*/p2.csv: Permission denied'
pass
