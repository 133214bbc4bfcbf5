#!/bin/sh
# Small commits of an outage leave together (batches never tried may be joined):
# 300 single events, each committed for itself, in at most 10 requests, in their order, each
# once. What was tried once keeps its key and its bytes, over kill -9 in the middle of it
# (cases OUT6, OUT7, CK4).
. "$(dirname "$0")/lib.sh"

start_backend
stop "$BACKEND_PID" # its port is known now, and nobody listens
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
outputs:
  - name: o
    url: $BACKEND_URL
    batch: {max_events: 100, linger: 0}
    retry: {min: 10ms, max: 300ms}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF

# trickle FIRST: 300 records, each in a commit of its own (nearly: the machine is not ours)
trickle() {
	/usr/bin/python3 - "$TMP/bounces.csv" "$TMP/written" "$1" <<'EOF'
import sys, time
path, names, first = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open(path, "ab", 0) as f, open(names, "a") as w:
    if f.tell() == 0:
        f.write(b"type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat\n")
    for n in range(first, first + 300):
        f.write(b"b,2026-03-02 08:00:00+0000,s@lists.example.com,n%06d@example.net,5.1.1,"
                b"smtp;550 5.1.1 no,bad-mailbox\n" % n)
        w.write("n%06d@example.net\n" % n)
        time.sleep(0.012)
EOF
}

start_daemon "$TMP/c.yaml"
trickle 1
stands='[ "$("$E2E/state.py" "$TMP/state.db" sum batch count 2>&1)" = 300 ]'
wait_for "$stands" 10
"$E2E/state.py" "$TMP/state.db" keys >"$TMP/before"
commits=$(wc -l <"$TMP/before")
[ "$commits" -ge 100 ] || fail "only $commits commits"
fixed=$(awk '$3 == 1' "$TMP/before" | wc -l)
[ "$fixed" -le 4 ] || fail "$fixed batches are fixed: they cannot be joined"

start_backend --port "$BACKEND_PORT"
arrived='"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --only --one-key >"$TMP/result" 2>&1'
wait_for "$arrived" 10
calm=$(requests '"answer"')
[ "$calm" -le 10 ] || fail "$calm requests for 300 events"
"$E2E/recipients.py" "$BACKEND_LOG" >"$TMP/got"
sed "s/@.*//" "$TMP/written" >"$TMP/want"
cmp -s "$TMP/want" "$TMP/got" || fail "out of order: $(diff "$TMP/want" "$TMP/got" | head -5)"

# again, with a backend that loses its answers, and the daemon killed in the middle of the drain
stop "$BACKEND_PID"
: >"$TMP/written"
rm "$BACKEND_LOG"
trickle 1001
wait_for "$stands" 10
# each second answer is lost, each takes a while: a kill hits a request that was taken
start_backend --port "$BACKEND_PORT" --plan slow:1:150,land-reset:2
for _ in 1 2 3 4 5; do
	sleep 0.25
	kill9 "$DAEMON_PID"
	start_daemon "$TMP/c.yaml"
done
wait_for '[ "$("$E2E/state.py" "$TMP/state.db" standing)" = empty ]' 10
"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --only --one-key --allow-repeats \
	>"$TMP/result" 2>&1 || fail "killed in the drain: $(cat "$TMP/result")"
batches=$(sed 's/.*"key": "\([0-9a-f]*\)".*/\1/' "$BACKEND_LOG" | sort -u | wc -l)
[ "$batches" -le 10 ] || fail "killed in the drain: $batches batches for 300 events"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$commits commits of 300 events ($fixed fixed) in $calm requests; with 5 kills $batches batches in $(requests '"answer"') requests: $(cat "$TMP/result")"
