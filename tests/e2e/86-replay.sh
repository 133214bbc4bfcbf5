#!/bin/sh
# replay --deliver: whole files into the spool, exactly once, beside a daemon and without
# one, broken off and gone on with; the daemon's own places are not touched.
# shellcheck disable=SC2016 # what wait_for evaluates
. "$(dirname "$0")/lib.sh"

SEED=${SEED:-$(date +%N)}
HEADER=type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat
rows() { # FROM TO [hard|soft]
	awk -v a="$1" -v b="$2" -v kind="${3:-hard}" 'BEGIN { for (n = a; n <= b; n++) {
		why = kind == "hard" ? "5.1.1,smtp;550 5.1.1 no,bad-mailbox" \
		    : "5.2.2,smtp;452 4.2.2 full,quota-issues"
		printf "b,2026-03-02 08:00:00+0000,s@lists.example.com,n%06d@example.net,%s\n", n, why } }'
}
recipients() { awk -v a="$1" -v b="$2" 'BEGIN { for (n = a; n <= b; n++) printf "n%06d@example.net\n", n }'; }
# output NAME KEYS...: one for the configuration; the backend tells them by the path
output() {
	name=$1
	shift
	echo "  - {name: $name, url: \"http://127.0.0.1:$BACKEND_PORT/$name\", $*}"
}
config() { # FILE, the outputs on stdin, $STATE besides
	{
		echo "sources: [{name: live, path: $TMP/live.csv, start: beginning}]"
		echo "outputs:"
		cat
		echo "state: {path: $TMP/$1.db, min_free: 1MiB${STATE:+, $STATE}}"
	} >"$TMP/$1.yaml"
}
# replay CODE CONFIG ARGUMENT...: what it says is in $TMP/said
replay() {
	code=$1
	config=$2
	shift 2
	rc=0
	"$BOUNCEFEED" replay -c "$TMP/$config.yaml" --deliver "$@" >"$TMP/out" 2>"$TMP/said" || rc=$?
	[ $rc = "$code" ] || fail "replay $*: exit $rc, want $code: $(cat "$TMP/said")"
	[ ! -s "$TMP/out" ] || fail "replay $*: something on stdout"
}
said() { grep -qF -e "$1" "$TMP/said" || fail "not said: $1, but: $(cat "$TMP/said")"; }
new_log() { : >"$BACKEND_LOG"; }
arrived() { # NAME FROM TO [ARGUMENT...]: exactly those at /NAME
	name=$1
	recipients "$2" "$3" >"$TMP/want"
	shift 3
	grep -F "\"path\": \"/$name\"" "$BACKEND_LOG" >"$TMP/got.log"
	"$E2E/compare.py" --writer "$TMP/want" --log "$TMP/got.log" --only --one-key "$@" \
		>"$TMP/result" 2>&1 || fail "$name: $(cat "$TMP/result")"
}
places() { # of the daemon's files
	python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("SELECT path, offset FROM file").fetchall())' "$1"
}
hold() { # PLAN, read anew for each request
	echo "$1" >"$TMP/plan.new"
	mv "$TMP/plan.new" "$TMP/plan"
}

hold ""
start_backend --plan "@$TMP/plan"
{ output hard 'select: {class: [hard]}, batch: {max_events: 50, linger: 10ms}, retry: {min: 10ms, max: 50ms}'
output soft 'select: {class: [soft]}, batch: {linger: 10ms}'; } | config two
{ echo $HEADER; rows 1 2000; rows 2001 2100 soft; } >"$TMP/old.csv"
{ echo $HEADER; rows 5001 5100; } >"$TMP/live.csv"

# --- beside a daemon
start_daemon "$TMP/two.yaml"
wait_for '[ "$("$E2E/ids.py" "$BACKEND_LOG" | wc -l)" = 100 ]' 10
sleep 1.5 # its places are stored
before=$(places "$TMP/two.db")
new_log
replay 0 two --wait "$TMP/old.csv"
said "1 files, 2100 events put into the spool (hard 2000, soft 100), 0 bad records"
arrived hard 1 2000
arrived soft 2001 2100
replay 0 two "$TMP/old.csv"
said "0 events: replayed before (--again repeats it)"
gzip -c "$TMP/old.csv" >"$TMP/old.csv.gz"
replay 0 two --wait "$TMP/old.csv.gz"
said "0 events: replayed before"
[ "$(requests)" -gt 0 ] && cp "$BACKEND_LOG" "$TMP/first.log"
new_log
replay 0 two --wait --again --output soft "$TMP/old.csv"
said "100 events put into the spool (soft 100)"
arrived soft 2001 2100
[ "$(requests /hard)" = 0 ] || fail "--output soft: something went to hard"
"$E2E/ids.py" "$BACKEND_LOG" | sort >"$TMP/ids"
"$E2E/ids.py" "$TMP/first.log" | sort | comm -13 - "$TMP/ids" | grep -q . && fail "--again: other ids"
cat "$BACKEND_LOG" "$TMP/first.log" | sed -n 's/.*"key": "\([0-9a-f]*\)".*/\1/p' | sort | uniq -d |
	grep -q . && fail "--again: the same key"
new_log
replay 0 two --wait "$TMP/live.csv" # the daemon follows it
arrived hard 5001 5100
[ "$(places "$TMP/two.db")" = "$before" ] || fail "places: $before, then $(places "$TMP/two.db")"
new_log
rows 5101 5200 >>"$TMP/live.csv"
wait_for '[ "$("$E2E/ids.py" "$BACKEND_LOG" | wc -l)" -ge 100 ]' 10
sleep 0.3
arrived hard 5101 5200 # by the daemon, once
new_log
replay 0 two --wait "$TMP/live.csv" # goes on behind its place
said "100 events put into the spool (hard 100, soft 0), 100 replayed before"
arrived hard 5101 5200
replay 64 two --output nix "$TMP/old.csv"
replay 66 two "$TMP/nix.csv" "$TMP/old.csv"
said "1 files, 0 events: replayed before"
for option in --wait --again '--output hard'; do
	# shellcheck disable=SC2086 # words
	"$BOUNCEFEED" replay $option "$TMP/old.csv" >"$TMP/out" 2>"$TMP/said" && fail "$option alone"
	said "goes with --deliver"
done
new_log
hold first:3:503
replay 0 two --wait --again "$TMP/old.csv"
arrived hard 1 2000 --answers 200
hold all:401
new_log
replay 69 two --wait --again --output hard "$TMP/old.csv"
said "gave up waiting: output hard is held"
said "stay in the spool"
hold ""
kill -HUP "$DAEMON_PID"
wait_for '[ "$("$E2E/ids.py" "$BACKEND_LOG" | sort -u | wc -l)" = 2000 ]' 10
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"

# --- without a daemon: narrowed, by hand and from a pipe
new_log
hold first:2:503
replay 0 two --recipient N000007@example.net --wait "$TMP/old.csv"
said "1 events put into the spool (hard 1, soft 0)"
arrived hard 7 7
{ echo $HEADER; rows 8001 8010; rows 8011 8020 soft; } >"$TMP/new.csv"
new_log
replay 0 two --output soft "$TMP/new.csv"
replay 0 two "$TMP/new.csv" # each output has a place of its own
said "10 events put into the spool (hard 10, soft 0), 10 replayed before"
arrived hard 8001 8010
arrived soft 8011 8020
{ echo $HEADER; rows 9001 9002; } >"$TMP/all.csv"
head -c -50 "$TMP/all.csv" >"$TMP/half.csv" # its writer is in the middle of a record
new_log
replay 0 two "$TMP/half.csv"
said "1 events put into the spool (hard 1, soft 0), 1 bad records"
head -c -1 "$TMP/all.csv" >"$TMP/half.csv" # whole, without a line end
replay 0 two "$TMP/half.csv"
said "1 events put into the spool (hard 1, soft 0), 1 replayed before, 0 bad records"
replay 0 two "$TMP/half.csv"
said "0 events: replayed before"
{ echo; rows 9003 9003; } >>"$TMP/half.csv"
replay 0 two "$TMP/half.csv"
said "1 events put into the spool (hard 1, soft 0), 2 replayed before"
arrived hard 9001 9003
new_log
{ cat "$TMP/old.csv"; sleep 1; rows 6001 6001; } | "$BOUNCEFEED" replay -c "$TMP/two.yaml" \
	--deliver --output soft - 2>"$TMP/said" &
PIPE=$!
started $PIPE
wait_for '[ "$(requests /soft)" = 1 ]' 1 # before the pipe ends
wait $PIPE || fail "a pipe: $? $(cat "$TMP/said")"
forget $PIPE
arrived soft 2001 2100
hold all:401
new_log
replay 0 two --again --output soft "$TMP/old.csv"
said "100 events in 1 batches stay in the spool: the daemon delivers them"
hold ""
replay 0 two --output soft "$TMP/old.csv"
arrived soft 2001 2100 --answers 200

{ echo $HEADER; rows 1 1; rows 10001 12500 soft; } >"$TMP/other.csv" # its first record is old.csv's
new_log
replay 0 two "$TMP/other.csv"
said "2501 events put into the spool (hard 1, soft 2500), 0 bad records"
arrived soft 10001 12500

# --- the spool is full: it waits, and nothing is lost
STATE='max_size: 1MiB'
output full 'batch: {max_events: 1, linger: 10ms}, retry: {min: 50ms, max: 100ms}' | config full
STATE=
{ echo $HEADER; rows 1 500; } >"$TMP/many.csv"
hold all:503
new_log
rm "$TMP/live.csv"
start_daemon "$TMP/full.yaml"
wait_for '[ -s "$TMP/full.db.wake" ] || [ -e "$TMP/full.db.wake" ]' 5
"$BOUNCEFEED" replay -c "$TMP/full.yaml" --deliver --wait "$TMP/many.csv" 2>"$TMP/said" &
REPLAY=$!
started $REPLAY
wait_for 'grep -q "the spool is full: waiting for delivery" "$TMP/said"' 20
hold ""
wait $REPLAY || fail "full: exit $?: $(cat "$TMP/said")"
forget $REPLAY
[ "$(grep -c "is full" "$TMP/said")" = 1 ] || fail "told more than once: $(cat "$TMP/said")"
arrived full 1 500 --answers 200
stop "$DAEMON_PID"
rm "$TMP/full.db"*
hold slow:1:1
new_log
replay 0 full --wait "$TMP/many.csv" # delivers itself in between
arrived full 1 500

# --- broken off: by SIGTERM, then by kill -9 again and again
output log 'select: {type: [bounce]}, batch: {max_events: 1, linger: 10ms}' | config log
awk 'BEGIN { for (m = 1; m <= 50; m++) { for (r = 1; r <= 20; r++)
	printf "Mar  2 08:00:06 mx1 postfix/smtp[7]: 4F9D1%06d: to=<n%06d@example.net>, relay=none, delay=90, delays=80/0/10/0, dsn=4.4.1, status=deferred (connect to mx.example.net[192.0.2.1]:25: Connection refused)\n", m, m * 20 - 20 + r
	printf "Mar  2 08:00:07 mx1 postfix/qmgr[7]: 4F9D1%06d: from=<s@lists.example.com>, status=expired, returned to sender\n", m } }' >"$TMP/mail.log"
hold ""
new_log
"$BOUNCEFEED" replay -c "$TMP/log.yaml" --deliver "$TMP/mail.log" 2>"$TMP/said" &
REPLAY=$!
started $REPLAY
wait_for '[ "$(requests)" -gt 20 ]' 10
stop $REPLAY
[ "$STOPPED" = 75 ] || fail "SIGTERM: exit $STOPPED: $(cat "$TMP/said")"
said "run it again to go on"
"$E2E/naps.py" "$SEED" 8 2 >"$TMP/naps"
while read -r nap; do
	"$BOUNCEFEED" replay -c "$TMP/log.yaml" --deliver "$TMP/mail.log" 2>>"$TMP/broken" &
	REPLAY=$!
	started $REPLAY
	sleep "$nap"
	kill9 $REPLAY
done <"$TMP/naps"
replay 0 log --wait "$TMP/mail.log"
arrived log 1 1000 --allow-repeats --db "$TMP/log.db"
kills="after 8 kills $(tail -n 1 "$TMP/said"); $(cat "$TMP/result")"
# --- root becomes the owner of the state file, and reads what that one may not
if [ "$(id -u)" = 0 ]; then
	PLACE=$(TMPDIR=/tmp mktemp -d) || fail "no place"
	trap 'rm -rf "$PLACE"; cleanup' EXIT
	chmod 711 "$PLACE"
	mkdir "$PLACE/state"
	chown 65534:65534 "$PLACE/state"
	sed "s,path: $TMP/log.db,path: $PLACE/state/state.db," "$TMP/log.yaml" >"$TMP/root.yaml"
	chmod 600 "$TMP/old.csv"
	replay 0 root --wait "$TMP/old.csv"
	said "2100 events put into the spool (log 2100)"
	[ -z "$(find "$PLACE/state" ! -uid 65534)" ] || fail "root's files: $(ls -l "$PLACE/state")"
fi
pass "seed $SEED, $kills"
