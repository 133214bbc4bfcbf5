#!/bin/sh
# CK4, RES4, OUT2, OUT3, OUT5, OUT8: three files are written at once and rotated while the
# daemon gets SIGKILL at random moments; the backend answers with a mix of 200, slow 200,
# 503, 429 with Retry-After, resets before, in and after the request, cut answers, 413 above
# a size, 422 for poisoned events. Two outputs, one of them takes a part.
#
# At each kill: no event stands in two batches of an output, nor in a batch and dead. At the
# end: every good event was accepted, every poisoned one is dead with its answer, every
# repeat has the same bytes under its key, and no key that was answered comes again.
#
# The long run: TORTURE_KILLS=300 E2E_LIMIT=1200 tests/e2e/run BINARY 21-torture-mixed; the
# same again: TORTURE_SEED.
. "$(dirname "$0")/lib.sh"

KILLS=${TORTURE_KILLS:-16}
SEED=${TORTURE_SEED:-$(date +%N | sed 's/^0*//')}
CONCURRENCY=${TORTURE_CONCURRENCY:-1}
ROWS=$((KILLS * 160)) # of each file, in about a second for each kill
cd "$TMP" || exit 73

answers() { # TEXT
	sed "s/SEED/$SEED/" <<EOF | tr -d '\n'
random:1SEED:0.05:503,
random:2SEED:0.002:429,
random:3SEED:0.03:reset,
poison:toxic:422,
random:4SEED:0.03:lost,
random:5SEED:0.02:cut,
random:6SEED:0.02:half,
max:60:413,
slow:9:30,
unread:37,
busy:429:1
EOF
}
start_backend --plan "$(answers)"
mkdir one two mail
cat >c.yaml <<EOF
sources:
  - {name: one, format: pmta, path: $TMP/one/bounces.csv, start: beginning}
  - {name: two, format: pmta, path: $TMP/two/bounces.csv, start: beginning}
  - {name: mail, format: postfix, path: $TMP/mail/mail.log, start: beginning}
outputs:
  - name: all
    url: ${BACKEND_URL%/events}/all
    batch: {max_events: 100, linger: 20ms}
    timeout: {total: 3s}
    retry: {min: 5ms, max: 50ms, hold: 300ms, aside_after: 1s}
    concurrency: $CONCURRENCY
  - name: part
    url: ${BACKEND_URL%/events}/part
    format: ndjson
    select: {source: [two, mail]}
    batch: {max_events: 40, linger: 50ms}
    timeout: {total: 3s}
    retry: {min: 5ms, max: 50ms, hold: 300ms, aside_after: 1s}
    concurrency: $CONCURRENCY
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
write() { # NAME OPTION...
	source=$1
	shift
	case $source in
	mail) "$E2E/writer.py" --file mail/mail.log --list mail.list --format postfix --tag m- "$@" ;;
	*) "$E2E/writer.py" --file "$source/bounces.csv" --list "$source.list" --tag "$source-" "$@" ;;
	esac
}
write_all() {
	for s in one two mail; do
		write $s "$@" || fail "the writer of $s failed"
	done
}
# the first look comes before the first rotation: what was rotated before it is history
write_all --count 10
start_daemon c.yaml
wait_for '[ "$(requests)" -gt 0 ]' 10
WRITERS=
for s in one two mail; do
	write $s --count "$ROWS" --first 11 --seconds "$KILLS" --rotations $((KILLS / 4)) \
		--toxic 250 --seed "$SEED" &
	started $!
	WRITERS="$WRITERS $!"
done
"$E2E/naps.py" "$SEED" "$KILLS" $((KILLS * 5 / 8)) >naps
kills=0
while read -r nap; do
	sleep "$nap"
	kill -0 "$DAEMON_PID" 2>/dev/null || fail "seed $SEED: the daemon ended by itself"
	kill9 "$DAEMON_PID"
	date +%s.%N >>kills
	kills=$((kills + 1))
	# shellcheck disable=SC2094 # fail() reads it afterwards
	"$E2E/judge.py" spool --db state.db >spool 2>&1 ||
		fail "seed $SEED, kill $kills: $(cat spool)"
	cat spool >>spools
	start_daemon c.yaml
done <naps
for pid in $WRITERS; do
	wait "$pid" || fail "a writer failed"
	forget "$pid"
done
# what was refused waits for something that is accepted after it: a few more events
last=900000
drained() {
	last=$((last + 1))
	write one --first $last --count 1 && write two --first $last --count 1
	sleep 0.3
	[ "$("$E2E/judge.py" queued --db state.db)" = 0 ]
}
wait_for drained $((30 + KILLS / 10))
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "seed $SEED: the daemon ended with $STOPPED"

cat one.list two.list mail.list | sort >all.list
cat two.list mail.list | sort >part.list
rc=0
for o in all part; do
	grep toxic $o.list >$o.toxic
	grep -v toxic $o.list >$o.good
	"$E2E/judge.py" end --db state.db --log "$BACKEND_LOG" --kills kills --output $o \
		--path /$o --good $o.good --toxic $o.toxic \
		"--concurrency=$CONCURRENCY" >>result 2>&1 || rc=1
done
[ $rc = 0 ] || fail "seed $SEED: $(cat result)"
[ "$(find one two mail -type f | wc -l)" = $((3 * (KILLS / 4 + 1))) ] || fail "not all rotated"
pass "seed $SEED, $kills kills, most at one: $(sort -n spools | tail -n 1)
$(cat result)"
