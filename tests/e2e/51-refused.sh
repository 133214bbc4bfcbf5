#!/bin/sh
# Events that a backend refuses (cases OUT2, OUT3, OUT1): the poisoned ones die, exactly
# those, each with its answer, in few requests, alone, in a row, a whole batch of them or
# scattered. A backend that refuses everything for a while costs nothing. Nothing dies before
# something else was accepted; who is suspected survives a kill -9.
. "$(dirname "$0")/lib.sh"

COUNT=10000 BATCH=100 EXTRA=15 # 2 * log2(BATCH) + 2

# part NAME: files of its own, a daemon that does not run yet
part() {
	PART=$1
	D=$TMP/$1
	mkdir "$D"
	BACKEND_LOG=$D/backend.log
	: >"$D/plan"
	start_backend --plan "@$D/plan"
	cat >"$D/c.yaml" <<END
sources:
  - {name: p, format: pmta, path: $D/bounces.csv, start: beginning}
outputs:
  - name: o
    url: $BACKEND_URL
    batch: {max_events: $BATCH, linger: 20ms}
    retry: {min: 20ms, max: 200ms, hold: 400ms}
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
}

# stands TEXT SECONDS: the state file says so
stands() {
	wait_for '[ "$("$E2E/state.py" "$D/state.db" standing 2>&1)" = "'"$1"'" ]' "$2"
}

arrived='"$E2E/compare.py" --writer "$D/good" --log "$BACKEND_LOG" >/dev/null 2>&1'

dead() {
	"$E2E/state.py" "$D/state.db" dead
}

# poisoned NAME PATTERN PLAN MAX_EXTRA: those whose recipient has PATTERN (for grep) are
# refused; they are the dead, all others arrive, in at most so many requests more than
# COUNT / BATCH
poisoned() {
	part "$1"
	echo "$3" >"$D/plan"
	write 10000 $COUNT
	grep -e "$2" "$D/written" | sed 's/.*/422 & HTTP 422 {"error": "scripted"}/' >"$D/dead"
	grep -v -e "$2" "$D/written" >"$D/good"
	start_daemon "$D/c.yaml"
	wait_for "$arrived" 30
	stands empty 10
	dead >"$D/dead.got"
	cmp -s "$D/dead" "$D/dead.got" ||
		fail "$1: other dead letters: $(diff "$D/dead" "$D/dead.got" | head -5)"
	"$E2E/compare.py" --writer "$D/good" --log "$BACKEND_LOG" --answers 200 --only \
		>"$D/result" 2>&1 || fail "$1: $(cat "$D/result")"
	extra=$(($(requests) - COUNT / BATCH))
	[ $extra -le "$4" ] || fail "$1: $extra requests more than without, at most $4"
	told=$(grep -c event=dead-letter "$TMP/daemon.log")
	total=$((${total:-0} + $(wc -l <"$D/dead")))
	[ "$told" = $total ] || fail "$1: $told dead letters told, not $total"
	said="${said:+$said, }$1: $(wc -l <"$D/dead") dead, $extra extra requests"
	end_part
}

poisoned one n012345@ poison:n012345@:422 $EXTRA
# each four that are refused alone in a row cost a question to the newest end of the queue, and
# so do the four that die after that
poisoned adjacent 'n01401[0-9]@\|n0140[234][0-9]@' \
	poison:n01401:422,poison:n01402:422,poison:n01403:422,poison:n01404:422 200
poisoned whole-batch n0161 poison:n0161:422 400
poisoned scattered 00@ poison:00@:422 $((100 * EXTRA))

# everything is refused for 4 s, with a kill -9 in the middle
part everything
echo all:400 >"$D/plan"
write 1 2000
start_daemon "$D/c.yaml"
sleep 2
kill9 "$DAEMON_PID"
start_daemon "$D/c.yaml"
sleep 2
cp "$D/written" "$D/good"
: >"$D/plan"
asked=$(requests)
[ -z "$(dead)" ] || fail "everything: dead letters: $(dead | head -3)"
[ "$(grep -c event=held "$TMP/daemon.log")" -le 2 ] || fail "everything: held is told often"
grep -q event=held "$TMP/daemon.log" || fail "everything: held is not told"
[ "$asked" -le 80 ] || fail "everything: $asked requests in 4 s"
wait_for "$arrived" 10
stands empty 5
[ -z "$(dead)" ] || fail "everything: dead letters afterwards: $(dead | head -3)"
"$E2E/compare.py" --writer "$D/written" --log "$BACKEND_LOG" --answers 200 --only \
	>"$D/result" 2>&1 || fail "everything: $(cat "$D/result")"
said="$said, everything: $asked requests in 4 s, 0 dead"
end_part

# nothing dies before something else was accepted; suspects, and those that had their
# witness, survive a kill -9
part suspects
sed -i 's/hold: 400ms/hold: 3s/' "$D/c.yaml"
echo poison:n00010:400 >"$D/plan"
write 100 3
start_daemon "$D/c.yaml"
stands "suspect 3/3" 5
kill9 "$DAEMON_PID"
stands "suspect 3/3" 1
echo poison:n00010:hang >"$D/plan"
start_daemon "$D/c.yaml"
wait_for '[ "$(requests "\"hang\"")" -ge 1 ]' 6 # a try of a suspect, killed in the middle
kill9 "$DAEMON_PID"
echo poison:n00010:400 >"$D/plan"
asked=$(requests)
start_daemon "$D/c.yaml"
wait_for '[ "$(requests)" -ge $((asked + 3)) ]' 5
stands "suspect 3/3" 1
[ -z "$(dead)" ] || fail "suspects: dead without a witness: $(dead)"
echo poison:n00010:hang >"$D/plan"
write 500 1
stands "witnessed 3/3" 5 # the first of them is under way
kill9 "$DAEMON_PID"
[ -z "$(dead)" ] || fail "suspects: dead too early: $(dead)"
stands "witnessed 3/3" 1
echo poison:n00010:400 >"$D/plan"
start_daemon "$D/c.yaml"
stands empty 10
[ "$(dead | sed 's/ HTTP.*//')" = "400 n000100@example.net
400 n000101@example.net
400 n000102@example.net" ] || fail "suspects: dead are $(dead)"
end_part
pass "$said"
