#!/bin/sh
# status and status --check in every state that an installation can be in: nothing there yet,
# all well, behind, retrying, full, no daemon, damaged in any page, newer, another user's; and
# root leaves no file of its own beside the state file.
. "$(dirname "$0")/lib.sh"

# run WANT [ARGUMENT...]: status with its exit code; what it said is in $TMP/out and $TMP/err
run() {
	want=$1
	shift
	rc=0
	"$BOUNCEFEED" status "$@" -c "$TMP/c.yaml" >"$TMP/out" 2>"$TMP/err" || rc=$?
	[ $rc = "$want" ] || fail "status $*: exit $rc, want $want: $(cat "$TMP/out" "$TMP/err")"
}

plan() { # RULES: in one go, the backend reads it at any time
	echo "$1" >"$TMP/plan.new"
	mv "$TMP/plan.new" "$TMP/plan"
}

said() { # TEXT: it said so
	grep -qF -e "$1" "$TMP/out" "$TMP/err" || fail "\"$1\" is not said: $(cat "$TMP/out" "$TMP/err")"
}

check() { # WANT LINE (a pattern of grep -E): all that --check says
	run "$1" --check
	got=$(cat "$TMP/out" "$TMP/err")
	echo "$got" | grep -qxE -e "$2" && [ "$(echo "$got" | wc -l)" = 1 ] && return
	fail "--check: want $2, got $got"
}

json() { # EXPRESSION over the parsed s: true
	"$BOUNCEFEED" status --json -c "$TMP/c.yaml" >"$TMP/json" 2>"$TMP/err"
	/usr/bin/python3 -c 'import json, sys
s = json.load(open(sys.argv[1], encoding="utf-8"))
sys.exit(0 if eval(sys.argv[2]) else 1)' "$TMP/json" "$1" ||
		fail "not so: $1: $(cat "$TMP/json" "$TMP/err")"
}

config() { # MAX_SIZE MIN_FREE
	cat >"$TMP/c.yaml" <<END
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
  - {name: q, format: pmta, path: $TMP/none.csv}
outputs:
  - name: o
    url: $BACKEND_URL
    batch: {max_events: 50, linger: 10ms}
    retry: {min: 10ms, max: 50ms, hold: 10m}
state: {path: $TMP/state/state.db, max_size: $1, min_free: $2}
END
}

mkdir "$TMP/state"
plan ""
start_backend --plan "@$TMP/plan"
config 1GiB 1MiB
note="; $TMP/c.yaml:[0-9:]+ path: \"$TMP/[a-z]*.csv\" is not there yet.*"

# --- nothing there yet
run 1
said "no state file yet"
check 2 "CRITICAL - no daemon runs; no state file yet: .*state.db$note"
json 's["daemon"] is False and "no state file yet" in s["error"]'
[ -z "$(ls "$TMP/state")" ] || fail "status made $(ls "$TMP/state")"

# --- all well
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --count 100
echo "torn,row" >>"$TMP/bounces.csv"
start_daemon "$TMP/c.yaml"
wait_for '[ "$("$E2E/recipients.py" "$BACKEND_LOG" | wc -l)" = 100 ]' 10
check 1 "WARNING - ${note#; }"
: >"$TMP/none.csv"
check 0 "OK - 2 sources, 1 output, 0 queued"
run 0
said "daemon runs as process $DAEMON_PID; state file $TMP/state/state.db has "
said "bytes of 1073741824"
said "output o: ok, 100 events accepted, 0 queued in 0 batches, 0 dead letters"
said "source q: last event none yet"
said "  last hour: 100 bounce hard"
said "  last day: 100 bounce hard"
said ", 1 bad records (last: "
size=$(wc -c <"$TMP/bounces.csv")
said "  $TMP/bounces.csv: at $size of $size bytes, 0 behind"
json '[o["name"] for o in s["sources"]] == ["p", "q"] and s["pid"] == '"$DAEMON_PID"
json 's["sources"][0]["last_day"] == [{"type": "bounce", "class": "hard", "events": 100}]'
json 's["sources"][0]["lag_bytes"] == s["sources"][0]["lag_seconds"] == 0'
json '"lag_seconds" in s["sources"][1] and "last_event" not in s["sources"][1]'
json 's["outputs"][0]["accepted_events"] == 100 and s["outputs"][0]["state"] == "ok"'

# --- the backend is down for a while; a hold
plan all:503
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --first 200 --count 1234
wait_for '"$BOUNCEFEED" status -c "$TMP/c.yaml" | grep -q "output o: retry.* 1234 queued"' 10
run 0
check 1 'WARNING - output o: retry since 20[-0-9]+T[0-9:]+Z, 1,234 queued'
said "1,234"
json 's["outputs"][0]["queued_events"] == 1234 and "503" in s["outputs"][0]["last_error"]'
plan all:401
wait_for 'grep -q event=held "$TMP/daemon.log"' 5
run 1
check 2 'CRITICAL - output o: hold since 20.*Z, 1,234 queued'

# --- no daemon, and behind
stop "$DAEMON_PID"
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --first 3000 --count 10
json 's["sources"][0]["lag_bytes"] > 0'
behind=$(/usr/bin/python3 -c 'import json, sys
f, = json.load(open(sys.argv[1]))["sources"][0]["files"]
print(f["size"] - f["offset"])' "$TMP/json")
sleep 1.1
run 1
said "no daemon runs"
said "  $behind bytes behind, "
json 's["sources"][0]["lag_bytes"] == '"$behind"' and s["sources"][0]["lag_seconds"] >= 1'
check 2 'CRITICAL - no daemon runs; output o: hold since .*'

# --- full, by each bound
config 1GiB 900GiB
run 1
said "full (state.min_free): the sources wait"
json 's["full"] and s["full_limit"] == "state.min_free"'
check 2 'CRITICAL - no daemon runs; the state file is full \(state.min_free\); .*'

# --- no configuration, a wrong one
mv "$TMP/c.yaml" "$TMP/good.yaml"
run 78
check 3 'UNKNOWN - .*c.yaml:.*'
echo 'outputs: 5' >"$TMP/c.yaml"
run 78
check 3 'UNKNOWN - .*c.yaml:1:10: .*'
config 1GiB 1MiB

# --- damaged: any page, and the whole; it says so, shows the rest, and never crashes
cp "$TMP/state/state.db" "$TMP/whole.db"
spoil() { # PAGE [COUNT]: overwritten
	rm -f "$TMP"/state/state.db-*
	cp "$TMP/whole.db" "$TMP/state/state.db"
	dd if=/dev/urandom of="$TMP/state/state.db" bs=4096 seek="$1" count="${2:-1}" \
		conv=notrunc 2>/dev/null
}
pages=$(($(wc -c <"$TMP/whole.db") / 4096))
told=0
for page in $(seq 0 $((pages / 25 + 1)) $((pages - 1))); do
	spoil "$page"
	for command in "status" "status --json" "status --check" "dead list" "dead list --aside"; do
		rc=0
		# shellcheck disable=SC2086 # words
		"$BOUNCEFEED" $command -c "$TMP/c.yaml" >"$TMP/out" 2>"$TMP/err" || rc=$?
		case $rc in
		0 | 1 | 2) ;;
		70)
			told=$((told + 1))
			[ -s "$TMP/err" ] || fail "page $page, $command: 70 and no word"
			;;
		*) fail "page $page, $command: exit $rc: $(cat "$TMP/err")" ;;
		esac
	done
done
[ $told -ge 10 ] || fail "only $told times told that the state file is damaged"
spoil 1 $((pages - 1))
run 70
said "malformed"
said "source p" # what the configuration says is there
check 2 'CRITICAL - no daemon runs; state file .*malformed.*'
run 70 --json
/usr/bin/python3 -m json.tool "$TMP/out" >/dev/null || fail "--json: $(cat "$TMP/out")"
rm -f "$TMP"/state/state.db-*
head -c 10000 /dev/urandom >"$TMP/state/state.db"
run 70
cp "$TMP/whole.db" "$TMP/state/state.db"
/usr/bin/python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("PRAGMA user_version = 99")
db.execute("UPDATE meta SET value = ? WHERE name = ?", ("9.9.9", "version"))
db.commit()' "$TMP/state/state.db"
run 70
said "written by bouncefeed 9.9.9"
check 2 'CRITICAL - no daemon runs; .*newer than this program'
rm -f "$TMP"/state/state.db*
cp "$TMP/whole.db" "$TMP/state/state.db"

# --- another user, in a directory that he can reach
[ "$(id -u)" = 0 ] || pass "without the users: they need root"
OTHER=$(mktemp -d -p /tmp)
leave() {
	rc=$?
	rm -rf "$OTHER"
	(exit $rc) # for cleanup
	cleanup
}
trap leave EXIT
cd "$OTHER" || fail cd
mkdir state
mv "$TMP"/state/state.db* state
sed "s|$TMP/||" "$TMP/c.yaml" >r.yaml
chmod 755 . && chmod 644 r.yaml && chmod 700 state
uid=61234
chown -R $uid:$uid state
chmod 600 state/state.db
as() { # WANT UID COMMAND...
	want=$1 user=$2
	shift 2
	rc=0
	setpriv --reuid="$user" --regid="$user" --clear-groups "$BOUNCEFEED" "$@" \
		>out 2>err || rc=$?
	[ $rc = "$want" ] || fail "$* as $user: exit $rc, want $want: $(cat out err)"
}
for command in "status" "dead list" "dead drop 1" "dead retry --all" "retry"; do
	# shellcheck disable=SC2086 # words
	as 77 61235 $command -c r.yaml
	grep -qxF "bouncefeed ${command%% [-0-9]*}: state/state.db belongs to #$uid: sudo -u '#$uid' $BOUNCEFEED $command -c r.yaml" err ||
		fail "$command as another user: $(cat err)"
	[ ! -s out ] || fail "$command as another user: $(cat out)"
done
as 3 61235 status --check -c r.yaml
grep -q "^UNKNOWN - state/state.db belongs to #$uid: sudo -u " out || fail "$(cat out err)"
(
	BOUNCEFEED_CONFIG="r.yaml" as 77 61235 status
	grep -qF "env BOUNCEFEED_CONFIG=r.yaml $BOUNCEFEED status" err || fail "$(cat err)"
) || exit 1
as 1 $uid status -c r.yaml
for command in "status" "dead list" "dead retry --all" "dead drop --all" "retry"; do
	# shellcheck disable=SC2086 # words
	"$BOUNCEFEED" $command -c r.yaml >out 2>err
	[ $? -le 1 ] || fail "$command as root: $(cat out err)"
	[ -z "$(find state ! -uid $uid)" ] || fail "$command as root left $(ls -ln state)"
done
rm -f state/*
as 1 0 status -c r.yaml
grep -q "no state file yet" err || fail "no state file, as root: $(cat out err)"
chmod 600 r.yaml
as 78 61235 status -c r.yaml
grep -q "as root: sudo $BOUNCEFEED status -c r.yaml" err || fail "$(cat err)"
pass
