#!/bin/sh
# The commands beside the daemon: dead letters are listed, shown, sent again and dropped;
# what is set apart, too; a hold is ended by hand; a test event is sent past the spool. An id
# that is not there does nothing at all. What strangers wrote never reaches the terminal raw.
. "$(dirname "$0")/lib.sh"

# run WANT COMMAND...: its exit code has to be that; what it said is in $TMP/out and $TMP/err
run() {
	want=$1
	shift
	rc=0
	"$BOUNCEFEED" "$@" -c "$TMP/c.yaml" >"$TMP/out" 2>"$TMP/err" || rc=$?
	[ $rc = "$want" ] || fail "$*: exit $rc, want $want: $(cat "$TMP/out" "$TMP/err")"
	! grep -qaP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$TMP/out" "$TMP/err" ||
		fail "$*: control characters: $(od -c "$TMP/out" | head -20)"
}

plan() { # RULES: in one go, the backend reads it at any time
	echo "$1" >"$TMP/plan.new"
	mv "$TMP/plan.new" "$TMP/plan"
}

said() { # TEXT: the command said so
	grep -qF -e "$1" "$TMP/out" "$TMP/err" || fail "\"$1\" is not said: $(cat "$TMP/out" "$TMP/err")"
}

write() { # FIRST COUNT
	"$E2E/writer.py" --file "$TMP/bounces.csv" --list "$TMP/written" --first "$1" --count "$2"
}

dead_letters() { # how many
	"$E2E/state.py" "$TMP/state.db" dead | wc -l
}

took() { # TEXT: in how many requests the backend accepted it
	grep -F -e "$1" "$BACKEND_LOG" | grep -c '"answer": 200' || true
}

stands() { # TEXT
	wait_for '[ "$("$E2E/state.py" "$TMP/state.db" standing 2>/dev/null)" = "'"$1"'" ]' 10
}

config() { # OUTPUTS
	cat >"$TMP/c.yaml" <<END
labels: {cluster: eu1}
sources:
  - {name: p, format: pmta, path: $TMP/bounces.csv, start: beginning}
outputs:
$1
state: {path: $TMP/state.db, min_free: 1MiB}
END
}

OUTPUT_O="  - name: o
    url: http://me:pass@127.0.0.1:PORT/events?key=hidden
    auth: {header: {name: X-Key, value: {file: $TMP/token}}}
    batch: {max_events: 100, linger: 20ms}
    retry: {min: 10ms, max: 100ms, hold: 10m}
    answers: {404: accepted}"

# --- nothing there yet
echo secret >"$TMP/token"
plan ""
start_backend --plan "@$TMP/plan"
OUTPUT_O=$(echo "$OUTPUT_O" | sed "s/PORT/$BACKEND_PORT/")
config "$OUTPUT_O"
run 66 dead list
said "no state file yet"
run 0 retry
said "no daemon runs: everything is tried when it starts"
[ ! -e "$TMP/state.db" ] || fail "a state file was made"
run 64 retry nobody
said 'there is no output "nobody"'
for usage in "dead" "dead frob" "dead show" "dead retry" "dead drop" "dead list 1" \
	"dead list --all" "dead drop 1 --all" "dead show 1 2" "retry o o" "test x" "test --type x" \
	"test --output x" "status x" "status --json --check"; do
	# shellcheck disable=SC2086 # words
	run 64 $usage
done
for help in dead retry test status; do
	run 0 $help --help
	grep -q "^usage: bouncefeed $help" "$TMP/out" || fail "$help --help: $(cat "$TMP/out")"
done

# --- dead letters: three of a thousand, one with an unpleasant recipient
plan "poison:n00012:422,poison:evil:422"
write 1 119
write 120 10
write 130 300
printf 'b,2026-03-02 08:00:00+0000,s@lists.example.com,"""ev\033[31mevil\302\205""@example.net",5.1.1,550 5.1.1 x,bad-mailbox,9\n' >>"$TMP/bounces.csv"
write 500 300
start_daemon "$TMP/c.yaml"
wait_for '[ "$(dead_letters 2>/dev/null)" = 11 ]' 20
stands empty
run 0 dead list
[ "$(wc -l <"$TMP/out")" = 11 ] || fail "dead list: $(cat "$TMP/out")"
grep -qxE '[0-9]+ 20[0-9-]+T[0-9:]+Z o bounce n000123@example\.net 422 \{"error": "scripted"\}' \
	"$TMP/out" || fail "dead list: $(cat "$TMP/out")"
run 0 dead list --output o
[ "$(wc -l <"$TMP/out")" = 11 ] || fail "dead list --output: $(cat "$TMP/out")"
run 64 dead list --output nobody
run 0 dead list --aside
[ ! -s "$TMP/out" ] || fail "dead list --aside: $(cat "$TMP/out")"
run 0 dead list --json
/usr/bin/python3 - "$TMP/out" <<'END' || fail "dead list --json: $(cat "$TMP/out")"
import json, sys
letters = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
assert len(letters) == 11
for l in letters:
    assert set(l) == {"id", "output", "time", "code", "answer", "event"}, l
    assert (l["output"], l["code"]) == ("o", 422) and l["event"]["type"] == "bounce", l
END
run 0 dead list
"$BOUNCEFEED" dead list -c "$TMP/c.yaml" | head -n 1 >/dev/null # a closed pipe is no trouble
id=$(grep n000123@ "$TMP/out" | cut -d' ' -f1)
other=$(grep n000124@ "$TMP/out" | cut -d' ' -f1)
event=$(/usr/bin/python3 -c 'import json, sys
for l in map(json.loads, sys.stdin):
    if l["id"] == int(sys.argv[1]): print(l["event"]["id"])' "$id" <<END
$("$BOUNCEFEED" dead list --json -c "$TMP/c.yaml")
END
)
run 0 dead show "$id"
said "dead letter $id of output o"
said "answer: HTTP 422"
said "  \"id\": \"$event\","
run 64 dead show 999999

# one that is not there: nothing is done with the others
run 64 dead drop "$id" 999999
said "there is no 999999"
run 64 dead retry "$id" a999999
run 64 dead retry "$id" x
[ "$(dead_letters)" = 11 ] || fail "something was done"
run 0 dead drop "$other" "$other"
said "1 dropped"
[ "$(dead_letters)" = 10 ] || fail "drop: $(dead_letters) left"

# again, under another key: accepted now; all: refused again, once
plan ""
run 0 dead retry "$id"
said "1 dead letter queued again, in 1 batch"
wait_for '[ "$(took "$event")" = 1 ]' 5
stands empty
[ "$(dead_letters)" = 9 ] || fail "retry: $(dead_letters) left"
plan "poison:n00012:422"
run 0 dead retry --all
said "9 dead letters queued again"
# shellcheck disable=SC2034 # evaluated there
witness=900 # an event is dead when something else was accepted
wait_for '[ "$(dead_letters)" = 8 ] || { write $((witness += 1)) 1; sleep 0.2; false; }' 15
stands empty
plan ""
run 0 dead retry --all --output o
wait_for '[ "$(dead_letters)" = 0 ] && [ "$(took n000129@)" = 1 ]' 5
stands empty
[ "$(took n000124@)" = 0 ] || fail "what was dropped was sent"
run 0 dead drop --all
said "0 dropped"

# --- a hold of ten minutes is ended by hand
plan all:401
write 1001 5
held() { # N: that often, by the 401
	wait_for '[ "$(grep -c "event=held.*code=401" "$TMP/daemon.log")" = '"$1"' ]' 5
}
held 1
stands "queued 1/5"
run 1 status
said "output o: hold"
plan ""
run 0 retry o
stands empty
plan all:401
write 1101 5
held 2
plan ""
run 0 retry
stands empty

# --- set apart: one event refused alone, and nothing else to be accepted
plan poison:n00120:400
write 1200 3
stands "suspect 3/3"
run 0 dead list --aside
[ "$(grep -cE '^a[0-9]+ .* o bounce n00120[012]@example.net suspect, [0-9]+ tries, next .*: 400 ' "$TMP/out")" = 3 ] ||
	fail "dead list --aside: $(cat "$TMP/out")"
first=$(sed -n '/n001200@/s/ .*//p' "$TMP/out")
second=$(sed -n '/n001201@/s/ .*//p' "$TMP/out")
third=$(sed -n '/n001202@/s/ .*//p' "$TMP/out")
run 0 dead list --aside --json
/usr/bin/python3 -c 'import json, sys
for l in map(json.loads, sys.stdin):
    assert l["id"][0] == "a" and l["standing"] == "suspect" and l["next_try"], l' <"$TMP/out" ||
	fail "dead list --aside --json: $(cat "$TMP/out")"
run 0 dead show "$first"
said "set apart: suspect"
run 0 status
said "set apart: 3 suspects, 0 aside"
run 1 status --check
said "WARNING - output o: 3 set apart"
run 0 dead drop "$first" "$third"
said "2 dropped"
run 64 dead show "$first"
plan ""
run 0 dead retry "$second"
said "1 set apart due now"
stands empty
[ "$(took n001201@)$(took n001200@)$(took n001202@)" = 100 ] ||
	fail "sent: $(took n001201@), what was dropped: $(took n001200@) $(took n001202@)"
run 0 status --check
said "OK - 1 source, 1 output, 0 queued"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"

# --- what a stranger's backend says
/usr/bin/python3 - "$TMP/state.db" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("INSERT INTO dead(output, event, code, answer, at_ms) VALUES('o', ?, 422, ?, 5)",
           ('{"type":"bounce","recipient":"a\\u001b[2J\\u0000\\u0085@x"}'.encode(),
            b"\x1b]0;title\x07\r\n\xff\xc2\x85 fake\n9 line \x00 \x7f"))
db.execute("INSERT INTO dead(output, event, code, answer, at_ms) VALUES('o', ?, 422, NULL, 5)",
           (b"{ no JSON \x1b[2J",))
db.execute("UPDATE output SET error = ?", ("HTTP 503 \x1b[2J\r\nfake",))
db.commit()
END
run 0 dead list
[ "$(wc -l <"$TMP/out")" = 2 ] || fail "a line of its own: $(cat "$TMP/out")"
said '\x1b]0;title\x07\x0d\x0a\xff\xc2\x85 fake\x0a9 line \x00 \x7f'
# shellcheck disable=SC2046 # two words
set -- $(cut -d' ' -f1 "$TMP/out")
run 0 dead show "$1"
run 0 dead show "$2"
run 0 dead list --json
/usr/bin/python3 -c 'import json, sys
for line in sys.stdin: json.loads(line)' <"$TMP/out" || fail "--json: $(cat "$TMP/out")"
run 1 status
said 'HTTP 503 \x1b[2J\x0d\x0afake'
run 0 dead drop "$1" "$2"
said "2 dropped"

# --- a removed output: its queue sleeps
"$E2E/state.py" "$TMP/state.db" standing >"$TMP/before"
config "  - {name: other, url: http://127.0.0.1:9/, retry: {min: 10m, max: 10m}}"
/usr/bin/python3 - "$TMP/state.db" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("INSERT INTO dead(output, event, code, at_ms) VALUES('o', '{}', 422, 5)")
db.commit()
END
run 1 status
said "output o: removed: its queue sleeps"
run 0 dead list
id=$(cut -d' ' -f1 "$TMP/out")
run 64 dead retry "$id"
said "is not configured"
run 64 dead retry --all --output o
run 0 dead retry --all
said '1 dead letters of "o" stay'
run 64 dead drop --output other
said "its queue is live"
run 64 dead drop --output nobody
run 0 dead drop --output o
said "1 dead letters"
run 1 status
! grep -q "output o:" "$TMP/out" || fail "still there: $(cat "$TMP/out")"

# --- a test event
config "$OUTPUT_O
  - {name: lines, url: http://127.0.0.1:$BACKEND_PORT/lines, format: ndjson}"
sum=$(cksum <"$TMP/state.db")
for type in bounce deferral delivery complaint returned; do
	run 0 test --output lines --type $type --recipient "<ev\"$(printf '\033')[2Jil@Example.NET>"
	said "< HTTP 200"
	grep -qx accepted "$TMP/out" || fail "test: $(cat "$TMP/out")"
	sed -n 's/^> {/{/p' "$TMP/out" >"$TMP/event"
	/usr/bin/python3 - "$E2E/../../docs/event.schema.json" "$TMP/event" <<'END' || fail "$type: $(cat "$TMP/event")"
import json, sys
import jsonschema
schema, event = (json.load(open(f, encoding="utf-8")) for f in sys.argv[1:])
jsonschema.Draft202012Validator(schema).validate(event)
assert event["test"] is True and event["recipient_domain"] == "example.net", event
assert event["labels"] == {"cluster": "eu1"} and event["source"]["name"] == "test", event
END
done
run 0 test --output o
said "> POST http://127.0.0.1:$BACKEND_PORT/events"
said "> X-Key: ***"
said '"recipient":"test@example.com"'
! grep -q -e secret -e pass -e hidden "$TMP/out" || fail "a secret: $(cat "$TMP/out")"
means() { # PLAN EXIT MEANING
	plan "$1"
	run "$2" test --output o
	said "$3"
}
means all:503 69 "the same batch again after a while"
means every:1:reset 69 "the same batch again after a while"
means all:413 69 "halved; one event alone: refused"
means all:422 69 "refused: a suspect, and a dead letter if refused again after something else"
means all:401 69 "the output would be held"
means all:302,location:https://elsewhere.example/x 69 "held: it has moved to https://elsewhere.example/x"
means all:404 0 "accepted (answers: says so; without it: hold)"
means reject:test@example.com 69 "it names the event as rejected: a dead letter"
plan ""
rm "$TMP/token"
run 69 test
said "nothing was sent: "
[ "$(grep -cx accepted "$TMP/out")" = 1 ] || fail "one output stops the other: $(cat "$TMP/out")"
[ "$sum" = "$(cksum <"$TMP/state.db")" ] || fail "test wrote into the state file"

# a backend that answers with what a terminal obeys
cat >"$TMP/hostile.py" <<'END'
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.wfile.write(b"HTTP/1.1 422 no\r\nContent-Length: 5000\r\n\r\n\x1b[2J\r\n\x00\xff\xc2\x85"
                         + b"x" * 4991)
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".tmp", "w") as f:
    f.write(str(server.server_port))
import os
os.rename(sys.argv[1] + ".tmp", sys.argv[1])
server.serve_forever()
END
/usr/bin/python3 "$TMP/hostile.py" "$TMP/hostile.port" &
started $!
wait_for '[ -s "$TMP/hostile.port" ]' 10
config "  - {name: o, url: http://127.0.0.1:$(cat "$TMP/hostile.port")/}"
run 69 test
said '< \x1b[2J\x0d'
said '< \x00\xff\xc2\x85xxx'
said "< ..."
cat >"$TMP/c.yaml" <<END
sources: []
outputs: []
END
run 78 test
pass
