#!/bin/sh
# A state file that is not what was stored (cases CK1, CK3, CK10, CK11): a batch with a bit
# turned is told, set apart, and stops nobody; what is no database at all is exit 70 with a clear
# word, an empty file is made new; with bits turned anywhere the daemon ends with 70 or goes on,
# told, without running in circles.
. "$(dirname "$0")/lib.sh"

mkdir "$TMP/state"
DB=$TMP/state/state.db
start_backend
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
outputs:
  - name: o
    url: $BACKEND_URL
    batch: {max_events: 100, linger: 10ms}
    retry: {min: 20ms, max: 200ms}
state: {path: $DB, min_free: 1MiB}
EOF
arrived='"$E2E/compare.py" --writer "$TMP/good" --log "$BACKEND_LOG" --only >"$TMP/result" 2>&1'
stands() { # TEXT SECONDS: the state file says so
	wait_for '[ "$("$E2E/state.py" "$DB" standing 2>&1)" = "'"$1"'" ]' "$2"
}
write() { # FIRST COUNT
	"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --first "$1" --count "$2"
}

# spooled: 10 batches of 100 in a state file that no daemon has open; the backend is up then
spooled() {
	stop "$BACKEND_PID"
	rm -f "$DB"* "$TMP/bounces.csv" "$TMP/written" "$BACKEND_LOG"
	write 1001 1000
	start_daemon "$TMP/c.yaml"
	wait_for '[ "$("$E2E/state.py" "$DB" sum batch count 2>&1)" = 1000 ]' 10
	stop "$DAEMON_PID"
	start_backend --port "$BACKEND_PORT"
	: >"$TMP/daemon.log"
}

# --- one batch
spooled
"$E2E/state.py" "$DB" damage 3 >"$TMP/damage"
# batches are of 100 in the order of the file: that one holds 1201 to 1300
grep -v 'n0012[0-9][1-9]@\|n0012[1-9]0@\|n001300@' "$TMP/written" >"$TMP/good"
start_daemon "$TMP/c.yaml"
wait_for "$arrived" 10
stands "damaged 1/100" 5
[ "$(grep -c event=batch-damaged "$TMP/daemon.log")" = 1 ] || fail "damage is told $(grep -c event=batch-damaged "$TMP/daemon.log") times"
write 5001 50
tail -n 50 "$TMP/written" >>"$TMP/good"
wait_for "$arrived" 5
stands "damaged 1/100" 5
kill9 "$DAEMON_PID"
start_daemon "$TMP/c.yaml"
write 6001 50
tail -n 50 "$TMP/written" >>"$TMP/good"
wait_for "$arrived" 5
stands "damaged 1/100" 1
"$BOUNCEFEED" status -c "$TMP/c.yaml" >"$TMP/status" || true
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
cp "$TMP/status" "$TMP/status.damaged"

# --- no database
# starts NAME CODE TEXT: the daemon ends with that code and says why
starts() {
	rc=0
	timeout 5 "$BOUNCEFEED" run -c "$TMP/c.yaml" >"$TMP/out" 2>&1 || rc=$?
	[ $rc = "$2" ] || fail "$1: exit $rc, not $2: $(cat "$TMP/out")"
	grep "state.db" "$TMP/out" | grep -q -i -e "$3" || fail "$1: says $(cat "$TMP/out")"
}
rm -f "$DB"*
head -c 65536 /dev/urandom >"$DB"
starts garbage 70 "not a database"
head -c 65536 /dev/zero >"$DB"
starts NULs 70 "not a database\|damaged\|malformed\|no state file"
head -c 4000 /dev/zero >"$DB"
starts "a few NULs" 70 "not a database\|damaged\|malformed\|no state file"
printf 'SQLite format 3' >"$DB"
starts "a stump" 70 "not a database\|damaged\|malformed\|no state file"
: >"$DB"
: >"$BACKEND_LOG"
cp "$TMP/written" "$TMP/good"
start_daemon "$TMP/c.yaml"
wait_for "$arrived" 10 # all of the file once more: nobody knows what was delivered
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "an empty state file: the daemon ended with $STOPPED"

# --- bits anywhere
ended=0 went_on=0 lost=0
for seed in ${SEEDS:-1 2 3 4 5 6}; do
	spooled
	/usr/bin/python3 - "$DB" "$seed" <<'END'
import random, sys
path, seed = sys.argv[1], int(sys.argv[2])
rng = random.Random(seed)
with open(path, "r+b") as f:
    data = bytearray(f.read())
    pages = len(data) // 4096
    for _ in range(3):
        # not the first page: what it says is mostly that it is a database
        at = 4096 * rng.randrange(1, pages) + rng.choice([rng.randrange(0, 8), rng.randrange(4096)])
        data[at] ^= 1 << rng.randrange(8)
    f.seek(0)
    f.write(data)
END
	start_daemon "$TMP/c.yaml"
	sleep 1.5
	if ! kill -0 "$DAEMON_PID" 2>/dev/null; then
		rc=0
		wait "$DAEMON_PID" || rc=$?
		forget "$DAEMON_PID"
		[ $rc = 70 ] || fail "seed $seed: it ended with $rc: $(tail -n 3 "$TMP/daemon.log")"
		ended=$((ended + 1))
		continue
	fi
	ticks=$(awk '{ print $14 + $15 }' "/proc/$DAEMON_PID/stat")
	lines=$(wc -l <"$TMP/daemon.log")
	sleep 1
	ticks=$(($(awk '{ print $14 + $15 }' "/proc/$DAEMON_PID/stat") - ticks))
	lines=$(($(wc -l <"$TMP/daemon.log") - lines))
	[ $ticks -le 20 ] || fail "seed $seed: $ticks ticks of CPU in a second of nothing"
	[ $lines -le 2 ] || fail "seed $seed: $lines lines a second: $(tail -n 2 "$TMP/daemon.log")"
	missing=$("$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" 2>/dev/null |
		sed 's/.* \([0-9]*\) lost.*/\1/')
	[ "$missing" = 0 ] || [ "$(wc -l <"$TMP/daemon.log")" -gt 1 ] ||
		fail "seed $seed: $missing events did not come, and nothing is told"
	[ "$missing" = 0 ] || lost=$((lost + 1))
	went_on=$((went_on + 1))
	stop "$DAEMON_PID"
	[ "$STOPPED" = 0 ] || [ "$STOPPED" = 70 ] || fail "seed $seed: the daemon ended with $STOPPED"
done
grep -qi damaged "$TMP/status.damaged" || fail "status does not tell of the damaged batch: $(cat "$TMP/status.damaged")"
pass "with bits turned anywhere: $ended ended with 70, $went_on went on, $lost of them told that something is missing"
