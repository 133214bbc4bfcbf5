#!/bin/sh
# What the backend's answers do: 503 is tried again, one poisoned event dies alone by
# halving, a wrong token holds the output and loses nothing, status tells all of it.
. "$(dirname "$0")/lib.sh"

config() {
	cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
outputs:
  - name: o
    url: $BACKEND_URL
    headers: {X-Tenant: eu1}
    auth: {bearer: {file: $TMP/token}}
    batch: {max_events: 100, linger: 20ms}
    retry: {min: 10ms, max: 100ms, hold: 300ms}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
}
echo secret >"$TMP/token"
echo "poison:n000123@:422" >"$TMP/plan"
start_backend --plan "@$TMP/plan"
config
start_daemon "$TMP/c.yaml"
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --count 1000
grep -v n000123@ "$TMP/written" >"$TMP/good"
arrived='"$E2E/compare.py" --writer "$TMP/good" --log "$BACKEND_LOG" --only'
wait_for "$arrived" 20 >"$TMP/result" 2>&1
[ "$(requests '"answer": 422')" -le 10 ] || fail "$(requests '"answer": 422') refusals for one poison"
wait_for 'grep -q event=dead-letter "$TMP/daemon.log"' 5
"$BOUNCEFEED" status -c "$TMP/c.yaml" >"$TMP/status" || fail "status: exit $?"
grep -q "output o: ok, 999 events accepted, 0 queued in 0 batches, 1 dead letters" \
	"$TMP/status" || fail "status says $(cat "$TMP/status")"

echo "all:401" >"$TMP/plan"
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/good" --count 50 --first 2001
wait_for 'grep -q event=held "$TMP/daemon.log"' 5
rc=0
"$BOUNCEFEED" status -c "$TMP/c.yaml" >"$TMP/status" || rc=$?
[ $rc = 1 ] || fail "status of a held output: exit $rc"
grep -q "output o: hold" "$TMP/status" || fail "status says $(cat "$TMP/status")"
sleep 1
[ "$(grep -c event=held "$TMP/daemon.log")" = 1 ] || fail "held is told more than once"
[ "$(requests '"answer": 401')" -le 6 ] || fail "$(requests '"answer": 401') tries in a second"
: >"$TMP/plan"
wait_for "$arrived" 5 >"$TMP/result" 2>&1

# a 200 that names events it did not take: those are dead letters, the others accepted; all
# of a batch, in a list of more than 64 KiB: refused, halved, dead one by one
echo "reject:@example.net" >"$TMP/plan"
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/none" --count 20 --first 4001
wait_for '[ "$(grep -c "event=dead-letter.*code=200" "$TMP/daemon.log")" -ge 1 ]' 5
wait_for '"$BOUNCEFEED" status -c "$TMP/c.yaml" | grep -q "0 queued in 0 batches, 21 dead letters"' 10
echo "reject:n0050" >"$TMP/plan"
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/some" --count 40 --first 4981
grep -v n0050 "$TMP/some" >>"$TMP/good"
wait_for '"$BOUNCEFEED" status -c "$TMP/c.yaml" | grep -q "0 queued in 0 batches, 42 dead letters"' 10
: >"$TMP/plan"

# down, and back at the same place
kill9 "$BACKEND_PID"
"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/good" --count 50 --first 3001
wait_for 'grep -q "event=retrying" "$TMP/daemon.log"' 5
start_backend --port "$BACKEND_PORT" --plan every:2:503
wait_for "$arrived" 10 >"$TMP/result" 2>&1
grep -q '"attempt": "2"' "$BACKEND_LOG" || fail "no request says that it is the second try"

! grep -q secret "$TMP/daemon.log" "$TMP/status" || fail "the token was shown"
! grep -q example.net "$TMP/daemon.log" || fail "an address was logged"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$("$E2E/compare.py" --writer "$TMP/good" --log "$BACKEND_LOG" --only)"
