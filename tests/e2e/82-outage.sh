#!/bin/sh
# A million events (in CI 200,000; OUTAGE_EVENTS) spool within 32 MiB of memory while the backend
# is away and drain at the speed of the healthy path; the source file may be deleted meanwhile;
# the state file gives its room back. Cases RES1, RES2, OUT11.
. "$(dirname "$0")/lib.sh"

SANITIZED=$(ldd "$BOUNCEFEED" | grep -c libasan)
N=${OUTAGE_EVENTS:-$([ "$SANITIZED" = 0 ] && echo 200000 || echo 20000)}
MEMORY_KIB=$((32 * 1024))
SPARE_BYTES=$((4 * 1024 * 1024))

rows() { # FROM TO
	awk -v a="$1" -v b="$2" 'BEGIN {
	if (a == 1)
		print "type,timeLogged,timeQueued,orig,rcpt,dsnStatus,dsnDiag,dsnMta,bounceCat,jobId,vmta"
	for (n = a; n <= b; n++)
		printf "b,2026-03-02 08:%02d:%02d+0000,2026-03-02 07:00:00+0000,news@lists.example.com,n%07d@d%d.example.net,%s,mx1.example.net (192.0.2.%d),%s,c%d,vmta%d\n",
			n / 60 % 60, n % 60, n, n % 997,
			n % 3 ? "5.1.1 (bad destination mailbox address),\"smtp;550 5.1.1 <n" n "@example.net>: Recipient address rejected: User unknown\"" : "5.2.2 (mailbox full),smtp;552 5.2.2 Mailbox full " n * 7919 % 10007,
			n % 250, n % 3 ? "bad-mailbox" : "quota-issues", n % 50, n % 4
	}' >>"$TMP/bounces.csv"
}

start_sink() { # LISTEN
	"$BOUNCEFEED" sink --listen "$1" >>"$TMP/events" 2>"$TMP/sink.err" &
	SINK_PID=$!
	started $SINK_PID
	wait_for 'grep -q "127.0.0.1:[0-9]" "$TMP/sink.err"' 5
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

cpu_ms() { # of the daemon
	awk '{ print ($14 + $15) * 10 }' "/proc/$DAEMON_PID/stat"
}

state_bytes() {
	cat "$TMP/state.db" "$TMP/state.db-wal" 2>/dev/null | wc -c
}

# came N: until so many events were accepted
came() {
	wait_for '[ "$("$E2E/state.py" "$TMP/state.db" sum output accepted 2>&1)" = '"$1"' ]' 90
}

start_sink 127.0.0.1:0
LISTEN=$(sed -n 's/.*\(127.0.0.1:[0-9]*\).*/\1/p' "$TMP/sink.err" | head -1)
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
outputs:
  - {name: o, url: "http://$LISTEN/events", retry: {min: 50ms, max: 500ms}, batch: {linger: 100ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
rows 1 1
start_daemon "$TMP/c.yaml"
came 1
empty=$(state_bytes)

# the healthy path
stop "$DAEMON_PID"
rows 2 "$N"
begin=$(now_ms)
start_daemon "$TMP/c.yaml"
came "$N"
healthy=$(($(now_ms) - begin))
healthy_cpu=$(cpu_ms)
stop "$SINK_PID"

# the outage
rows $((N + 1)) $((2 * N))
begin=$(now_ms)
wait_for '[ "$("$E2E/state.py" "$TMP/state.db" sum batch count 2>&1)" = "$N" ]' 90
spooled=$(($(now_ms) - begin))
full=$(state_bytes)
wal=$(wc -c <"$TMP/state.db-wal")
rm "$TMP/bounces.csv"
sleep 1
start_sink "$LISTEN"
begin=$(now_ms)
drain_cpu=$(cpu_ms)
came $((2 * N))
drain=$(($(now_ms) - begin))
drain_cpu=$(($(cpu_ms) - drain_cpu))
hwm=$(awk '/^VmHWM/ { print $2 }' "/proc/$DAEMON_PID/status")
sleep 1
[ "$(wc -l <"$TMP/events")" = $((2 * N)) ] || fail "$(wc -l <"$TMP/events") events of $((2 * N))"
ids=$(grep -o '^{"id":"[0-9a-f]*"' "$TMP/events" | sort -u | wc -l)
[ "$ids" = $((2 * N)) ] || fail "$ids ids of $((2 * N))"
# tidied up 5 s after the end, 16 MiB at a time
wait_for '[ "$(state_bytes)" -le $((empty + SPARE_BYTES)) ]' $((10 + full / 3000000))
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"

said="$N events: healthy $((N * 1000 / healthy))/s, spooled $((N * 1000 / spooled))/s into $full bytes (WAL $wal), drained $((N * 1000 / drain))/s (CPU: healthy $healthy_cpu ms, drain $drain_cpu ms), memory $hwm KiB, state file $empty, $full, $(wc -c <"$TMP/state.db") bytes"
if [ "$SANITIZED" != 0 ]; then
	echo "$NAME: memory and speed are NOT checked: this binary has a sanitizer in it" >&2
	pass "$said"
fi
[ "$hwm" -le $MEMORY_KIB ] || fail "$said: more memory than $MEMORY_KIB KiB"
[ "$wal" -le $((3 * SPARE_BYTES)) ] || fail "$said: a WAL of $wal bytes"
# the clock on the wall belongs to the neighbours, too
[ "$drain" -le $((healthy * 2)) ] || [ "$drain_cpu" -le "$healthy_cpu" ] ||
	fail "$said: drained at less than half the speed"
pass "$said"
