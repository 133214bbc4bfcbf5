#!/bin/sh
# A line of 10 MiB in the middle of a file (cases IN1, IN2), in a mail log, in a CSV, inside quotes
# that never end, with quotes all over: memory stays bounded, less than a second of CPU, the
# records behind it come, it is counted as one bad record.
. "$(dirname "$0")/lib.sh"

start_backend
mkdir "$TMP/in"
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: csv, format: pmta, start: beginning, path: "$TMP/in/*.csv"}
  - {name: mail, format: maillog, start: beginning, path: "$TMP/in/*.log"}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
first=1
write() { # FILE [OPTION...]: ten records
	file=$1
	shift
	"$E2E/writer.py" --file "$file" --list "$TMP/written" --first $first --count 10 "$@"
	first=$((first + 10))
}
arrived='"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --one-key --only \
	--db "$TMP/state.db" >"$TMP/result" 2>&1'
ticks() { awk '{ print $14 + $15 }' "/proc/$DAEMON_PID/stat"; }
memory() { awk '/^VmHWM/ { print $2 }' "/proc/$DAEMON_PID/status"; }
# long HEAD TEXT: HEAD, TEXT again and again to 10 MiB, a line end
long() {
	printf '%s' "$1"
	yes "$2" | tr -d '\n' | head -c 10485760
	echo
}
PMTA='b,2026-03-02 08:00:00+0000,s@lists.example.com,long@example.net,5.1.1,'
MAIL='2026-03-02T08:00:00.000000+00:00 mx1 postfix/smtp[1]: 4AAAAA: to=<long@example.net>, relay=mx[192.0.2.25]:25, delay=0.3, delays=0.1/0/0.1/0.1, dsn=5.1.1, status=bounced (host mx[192.0.2.25] said: 550 '

start_daemon "$TMP/c.yaml"
for f in plain quoted quotes open; do
	write "$TMP/in/$f.csv"
done
write "$TMP/in/mail.log" --format postfix --tag m
wait_for "$arrived" 15
tick0=$(ticks)
memory0=$(memory)
# torn inside quotes: where the quote would end is nowhere near
long "$PMTA" x >>"$TMP/in/plain.csv"
long "$PMTA\"" 'x"",' >>"$TMP/in/quoted.csv"
long "$PMTA" '"a"b' >>"$TMP/in/quotes.csv"
long "$PMTA\"" 'x,' >>"$TMP/in/open.csv"
long "$MAIL" 'to=<a@b>, ' >>"$TMP/in/mail.log"
for f in plain quoted quotes open; do
	write "$TMP/in/$f.csv"
done
write "$TMP/in/mail.log" --format postfix --tag m
wait_for "$arrived" 20
used=$(($(ticks) - tick0))
grew=$(($(memory) - memory0))
hz=$(getconf CLK_TCK)
limit=$((5 * hz)) # less than a second for each of them
# a sanitizer is slow, and keeps what was freed
slow=$(ldd "$BOUNCEFEED" | grep -c libasan) || true
[ $used -lt $((limit * (1 + 4 * slow))) ] || fail "$used ticks of CPU for five lines"
[ "$slow" = 1 ] || [ $grew -lt 24576 ] || fail "memory grew by $grew KiB"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
"$BOUNCEFEED" status -c "$TMP/c.yaml" >"$TMP/status" || true
bad=$(awk '/bad record/ { for (i = 2; i <= NF; i++) if ($i ~ /^bad/) n += $(i - 1) } END { print n + 0 }' "$TMP/status")
[ "$bad" = 5 ] || fail "$bad bad records, want 5: $(cat "$TMP/status")"
pass "$used ticks of CPU for five lines, $grew KiB more memory, $(cat "$TMP/result")"
