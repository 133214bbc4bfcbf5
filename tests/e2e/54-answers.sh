#!/bin/sh
# What single answers do (cases OUT4, OUT8, OUT9, OUT10): answers: of the
# configuration, Retry-After in both forms, 401 for a while, 413 by number and for one event,
# max_age, a 3xx with its Location, four requests at a time but one probe.
. "$(dirname "$0")/lib.sh"

# part NAME [RETRY [OUTPUT-KEYS]]: files of its own, a daemon that does not run yet
part() {
	PART=$1
	D=$TMP/$1
	mkdir "$D"
	BACKEND_LOG=$D/backend.log
	: >"$D/plan"
	: >"$D/dead"
	: >"$TMP/daemon.log"
	start_backend --plan "@$D/plan"
	cat >"$D/c.yaml" <<END
sources:
  - {name: p, format: pmta, path: $D/bounces.csv, start: beginning}
outputs:
  - name: o
    url: $BACKEND_URL
    batch: {max_events: 100, linger: 10ms}
    retry: {${2:-min: 10ms, max: 50ms, hold: 300ms}}
    ${3-}
state: {path: $D/state.db, min_free: 1MiB}
END
}

write() { # FIRST COUNT
	"$E2E/writer.py" --file "$D/bounces.csv" --list "$D/written" --first "$1" --count "$2"
	cp "$D/written" "$D/good"
}

answers=200 # that take what they answer
arrived='"$E2E/compare.py" --writer "$D/good" --log "$BACKEND_LOG" --answers "$answers" --only >"$D/result" 2>&1'

stands() { # TEXT SECONDS: the state file says so
	wait_for '[ "$("$E2E/state.py" "$D/state.db" standing 2>&1)" = "'"$1"'" ]' "$2"
}

# the dead letters are exactly the lines of stdin (code, recipient, answer)
dead_are() {
	"$E2E/state.py" "$D/state.db" dead >"$D/dead.got"
	cat >"$D/dead"
	cmp -s "$D/dead" "$D/dead.got" ||
		fail "$PART: other dead letters: $(diff "$D/dead" "$D/dead.got" | head -5)"
}

end_part() {
	stands empty 5
	stop "$DAEMON_PID"
	[ "$STOPPED" = 0 ] || fail "$PART: the daemon ended with $STOPPED"
	stop "$BACKEND_PID"
}

log() { # PYTHON EXPRESSION over rs, the requests
	/usr/bin/python3 -c '
import json, sys
rs = [json.loads(line) for line in open(sys.argv[1])]
print(eval(sys.argv[2]))' "$BACKEND_LOG" "$1"
}

# a row of the table changed: 404 refuses, 409 accepts
part answers "" "answers: {404: refused, 409: accepted}"
echo poison:n000150@:404,every:1:409 >"$D/plan"
answers=409
write 101 300
grep -v n000150@ "$D/written" >"$D/good"
start_daemon "$D/c.yaml"
wait_for "$arrived" 10
# shellcheck disable=SC2034 # wait_for evaluates it
answers=200
stands empty 5
dead_are <<'END'
404 n000150@example.net HTTP 404 {"error": "scripted"}
END
end_part

# Retry-After: nothing before
for form in retry-after:1 retry-date:1; do
	part "${form%:*}"
	echo "all:503,$form" >"$D/plan"
	write 1 250
	start_daemon "$D/c.yaml"
	sleep 2.6
	echo "all:429,$form" >"$D/plan"
	sleep 1.6
	: >"$D/plan"
	wait_for "$arrived" 5
	asked=$(log '[r["retry_after"] and (float(r["retry_after"]) + r["wall"] if r["retry_after"].isdigit()
		else __import__("email.utils").utils.parsedate_to_datetime(r["retry_after"]).timestamp())
		for r in rs]')
	early=$(log "[(r['n'], r['wall'] - until) for r, until in zip(rs[1:], $asked) if until and r['wall'] < until - 0.01]")
	[ "$early" = "[]" ] || fail "$PART: before its time: $early"
	late=$(log "max(r['wall'] - until for r, until in zip(rs[1:], $asked) if until)")
	log "0 < $late < 1.5" | grep -q True || fail "$PART: $late s after its time"
	asked=$(log "sum(1 for r in rs if r['answer'] != 200)")
	{ [ "$asked" -ge 2 ] && [ "$asked" -le 5 ]; } || fail "$PART: $asked refusals in 4 s"
	said="${said:+$said; }$PART: at most $late s late"
	end_part
done

# a wrong token for a while: told once, nothing dies; status names the answer
part token
echo all:401 >"$D/plan"
write 1 1000
start_daemon "$D/c.yaml"
sleep 2
[ "$(grep -c event=held "$TMP/daemon.log")" = 1 ] || fail "token: held is not told once"
tries=$(requests '"answer": 401')
{ [ "$tries" -ge 4 ] && [ "$tries" -le 8 ]; } || fail "token: $tries tries in 2 s"
rc=0
"$BOUNCEFEED" status -c "$D/c.yaml" >"$D/status" || rc=$?
{ [ $rc = 1 ] && grep -q 'HTTP 401' "$D/status"; } || fail "token: status $rc: $(cat "$D/status")"
: >"$D/plan"
wait_for "$arrived" 5
dead_are </dev/null
end_part

# moved: it is not followed, the new place is told
part moved
echo all:308,location:http://127.0.0.1:9/elsewhere >"$D/plan"
write 1 10
start_daemon "$D/c.yaml"
wait_for 'grep -q "event=held.*HTTP 308 to http://127.0.0.1:9/elsewhere" "$TMP/daemon.log"' 5
rc=0
"$BOUNCEFEED" status -c "$D/c.yaml" >"$D/status" || rc=$?
grep -q elsewhere "$D/status" || fail "moved: status does not tell: $(cat "$D/status")"
: >"$D/plan"
wait_for "$arrived" 5
end_part

# too many events at once: halved, and the size is remembered
part too-many
echo max:30:413 >"$D/plan"
write 1 3000
start_daemon "$D/c.yaml"
wait_for "$arrived" 20
refused=$(requests '"answer": 413')
[ "$refused" -le 3 ] || fail "too-many: $refused times 413"
largest=$(log 'max(r["count"] for r in rs[next(i for i, r in enumerate(rs) if r["answer"] == 200):])')
[ "$largest" -le 30 ] || fail "too-many: $largest events in one request afterwards"
dead_are </dev/null
said="$said; too-many: $refused times 413, then at most $largest events, $(requests) requests"
end_part

# one event that is too large: dead, once others were accepted; the size of all others stays
part too-large
echo poison:n000250@:413 >"$D/plan"
write 101 300
start_daemon "$D/c.yaml"
stands empty 10
write 501 1000
grep -v n000250@ "$D/written" >"$D/good"
wait_for "$arrived" 10
dead_are <<'END'
413 n000250@example.net HTTP 413 {"error": "scripted"}
END
[ "$(requests)" -le 60 ] || fail "too-large: $(requests) requests for 1,300 events"
said="$said; too-large: $(requests) requests for 1,300 events"
end_part

# max_age: what was not delivered by then is dead and told, what is newer is not
part age "min: 10ms, max: 50ms, hold: 300ms" "max_age: 1s"
echo all:503 >"$D/plan"
write 1 300
start_daemon "$D/c.yaml"
wait_for 'grep -q event=given-up "$TMP/daemon.log"' 5
stands empty 5
sed 's/.*/503 & not delivered within max_age; last: HTTP 503 {"error": "scripted"}/' \
	"$D/written" | dead_are
: >"$D/plan"
"$E2E/writer.py" --file "$D/bounces.csv" --list "$D/newer" --first 1001 --count 100
cp "$D/newer" "$D/good"
wait_for "$arrived" 5
end_part

# four at once to a slow backend; in trouble there is one probe
part four "min: 100ms, max: 200ms, hold: 300ms" "concurrency: 4"
echo slow:1:250 >"$D/plan"
write 1 3000
start_daemon "$D/c.yaml"
sleep 1.2
echo all:503,slow:1:250 >"$D/plan"
sleep 2.5
: >"$D/plan"
wait_for "$arrived" 10
together() { # CONDITION: the most requests within the time that one of those takes
	log "max(sum(1 for o in rs if r['t'] <= o['t'] < r['t'] + 0.24) for r in rs
		if $1)"
}
four=$(together "r['answer'] == 200 and r['t'] - rs[0]['t'] < 0.8")
[ "$four" = 4 ] || fail "four: $four at once"
# those under way when it began to fail are answered by then
one=$(together "r['answer'] == 503 and r['t'] - rs[0]['t'] > 1.9")
[ "$one" = 1 ] || fail "four: $one probes at once in an outage"
said="$said; four at once, one probe of $(log 'sum(r["answer"] == 503 for r in rs)')"
end_part
pass "$said"
