#!/bin/sh
# One event for which the backend fails for ever (cases OUT1, OUT4, OUT7), with a 500, a 403
# or no answer at all: it ends aside and the rest flows, also over a kill -9 and a general outage
# in the middle; it is tried every retry.hold, and delivered when the backend changes its mind.
# Many that hang stop nobody, one that is under way costs no CPU.
. "$(dirname "$0")/lib.sh"

# part NAME [OUTPUT-KEYS]: files of its own, a daemon that does not run yet
part() {
	PART=$1
	D=$TMP/$1
	mkdir "$D"
	BACKEND_LOG=$D/backend.log
	: >"$D/plan"
	: >"$TMP/daemon.log"
	start_backend --plan "@$D/plan"
	cat >"$D/c.yaml" <<END
sources:
  - {name: p, format: pmta, path: $D/bounces.csv, start: beginning}
outputs:
  - name: o
    url: $BACKEND_URL
    batch: {max_events: 50, linger: 10ms}
    retry: {min: 20ms, max: 100ms, hold: 400ms, aside_after: 500ms}
    ${2-}
state: {path: $D/state.db, min_free: 1MiB}
END
}

end_part() {
	stop "$DAEMON_PID"
	[ "$STOPPED" = 0 ] || fail "$PART: the daemon ended with $STOPPED"
	kill9 "$BACKEND_PID" # some hang
}

write() { # FIRST COUNT
	"$E2E/writer.py" --file "$D/bounces.csv" --list "$D/written" --first "$1" --count "$2"
	grep -v -e "${POISON-^$}" "$D/written" >"$D/good"
}

# a kill -9 between an answer and its commit repeats a batch under its key
# shellcheck disable=SC2034 # evaluated below
repeats=
arrived='"$E2E/compare.py" --writer "$D/good" --log "$BACKEND_LOG" --answers 200 --only $repeats >"$D/result" 2>&1'

stands() { # TEXT SECONDS: the state file says so
	wait_for '[ "$("$E2E/state.py" "$D/state.db" standing 2>&1)" = "'"$1"'" ]' "$2"
}

nobody_dead() {
	[ -z "$("$E2E/state.py" "$D/state.db" dead)" ] || fail "$PART: a dead letter"
}

# aside NAME CODE
aside() {
	POISON=n000130
	# shellcheck disable=SC2034 # evaluated
	repeats=--allow-repeats
	part "$1"
	echo "poison:n000130@:$2" >"$D/plan"
	write 1 600
	start_daemon "$D/c.yaml"
	wait_for '[ "$(grep -c n000130@ "$BACKEND_LOG")" -ge 2 ]' 10
	sleep 0.6
	kill9 "$DAEMON_PID" # it is being looked for
	start_daemon "$D/c.yaml"
	wait_for "$arrived" 15
	stands "aside 1/1" 5
	nobody_dead
	grep -q event=set-aside "$TMP/daemon.log" || fail "$1: set aside and not told"
	# it is tried each retry.hold, not more often
	before=$(grep -c n000130@ "$BACKEND_LOG")
	sleep 2
	tries=$(($(grep -c n000130@ "$BACKEND_LOG") - before))
	{ [ $tries -ge 3 ] && [ $tries -le 6 ]; } || fail "$1: tried $tries times in 2 s"
	kill9 "$DAEMON_PID"
	start_daemon "$D/c.yaml"
	# a general outage on top of it
	echo all:503 >"$D/plan"
	write 700 300
	sleep 1.5
	echo "poison:n000130@:$2" >"$D/plan"
	wait_for "$arrived" 10
	stands "aside 1/1" 5
	: >"$D/plan"
	cp "$D/written" "$D/good"
	wait_for "$arrived" 5
	stands empty 5
	nobody_dead
	said="${said:+$said; }$1: tried $tries times in 2 s"
	# shellcheck disable=SC2034 # evaluated
	repeats=
	end_part
}

aside fails 500
aside firewall 403

# one that is under way for long, and nothing else: a daemon that sleeps
POISON=n000001@
part under-way "concurrency: 4"
echo poison:n000001@:500 >"$D/plan"
write 1 60
start_daemon "$D/c.yaml"
sleep 0.8
# each is the next one that may try: the batch is halved by one of them at a time
for i in 101 201 301 401 501 601 701 801; do
	write $i 60
	sleep 0.1
done
wait_for "$arrived" 5
stands "aside 1/1" 5
echo poison:n000001@:500,slow:1:2000 >"$D/plan"
before=$(requests '"count": 1,')
wait_for '[ "$(requests "\"count\": 1,")" -gt "$before" ]' 5
ticks() {
	awk '{ print $14 + $15 }' "/proc/$DAEMON_PID/stat"
}
spent=$(ticks)
sleep 1.5
spent=$(($(ticks) - spent))
[ $spent -le 10 ] || fail "under-way: $spent ticks of CPU in 1.5 s of waiting"
said="$said; under-way: $spent ticks in 1.5 s"
end_part

# 15 set aside that the backend never answers: together they would fill all the time between
# two holds. What is new arrives nevertheless.
POISON='n00010[0-9]@\|n00011[0-4]@'
part hanging "timeout: {connect: 1s, total: 150ms}"
sed -i 's/hold: 400ms/hold: 1500ms/' "$D/c.yaml"
poison() { # ANSWER
	awk -v a="$1" 'BEGIN { for (n = 100; n < 115; n++)
		printf("%spoison:n%06d@:%s", n > 100 ? "," : "", n, a) }'
}
poison 500 >"$D/plan"
write 100 2000
start_daemon "$D/c.yaml"
wait_for "$arrived" 20
stands "aside 15/15" 5
poison hang >"$D/plan"
sleep 3
write 9000 1
slow=$(date +%s%N)
wait_for 'grep -q n009000@ "$BACKEND_LOG"' 10
slow=$((($(date +%s%N) - slow) / 1000000))
[ $slow -lt 1000 ] || fail "hanging: a new event waited $slow ms for those that hang"
said="$said; hanging: a new event came after $slow ms"
end_part

# several at a time and always something to send: it is tried every retry.hold nevertheless
POISON=n000010@
part busy "concurrency: 4"
echo poison:n000010@:500 >"$D/plan"
write 1 600
start_daemon "$D/c.yaml"
wait_for "$arrived" 10
stands "aside 1/1" 5
echo poison:n000010@:500,slow:1:100 >"$D/plan"
before=$(grep -c n000010@ "$BACKEND_LOG")
write 1001 8000
sleep 2.5
"$E2E/state.py" "$D/state.db" standing | grep -q queued || fail "busy: the queue is empty too soon"
tries=$(($(grep -c n000010@ "$BACKEND_LOG") - before))
[ $tries -ge 2 ] || fail "busy: tried $tries times in 2.5 s with hold 400 ms"
said="$said; busy: tried $tries times in 2.5 s"
end_part
pass "$said"
