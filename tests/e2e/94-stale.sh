#!/bin/sh
# Files that cannot be read, opened or looked at for a while, as on a network file system (case
# IN13): ESTALE, EIO, EACCES from read(), open(), stat(), fstat(). Told once, and once that it is over; no CPU
# is burnt, other files go on, nothing is lost or read twice, a kill -9 meanwhile included.
. "$(dirname "$0")/lib.sh"

"${CC:-cc}" -D_GNU_SOURCE -O1 -fPIC -shared -o "$TMP/stale.so" "$E2E/stale.c" -ldl ||
	fail "stale.c does not compile"
preload=$(ldd "$BOUNCEFEED" | awk '/libasan/ { print $3 }')
start_backend
mkdir "$TMP/bad" "$TMP/good"
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: bad, format: pmta, start: beginning, path: $TMP/bad/acct.csv}
  - {name: mail, format: maillog, start: beginning, path: $TMP/bad/mail.log}
  - {name: good, format: pmta, start: beginning, path: $TMP/good/acct.csv}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
start_failing() {
	LD_PRELOAD="${preload:+$preload }$TMP/stale.so" STALE_FLAG=$TMP/flag STALE_PATH=$TMP/bad/ \
		"$BOUNCEFEED" run -c "$TMP/c.yaml" >>"$TMP/daemon.out" 2>>"$TMP/daemon.log" &
	DAEMON_PID=$!
	started $DAEMON_PID
}
first=1
write() { # FILE COUNT [OPTION...]
	file=$1 n=$2
	shift 2
	"$E2E/writer.py" --file "$file" --list "$TMP/written" --first $first --count "$n" "$@"
	first=$((first + n))
}
write_good() { # those have to come while the others fail
	write "$TMP/good/acct.csv" 20 --tag good
	tail -n 20 "$TMP/written" >"$TMP/now"
	wait_for '"$E2E/compare.py" --writer "$TMP/now" --log "$BACKEND_LOG" ${repeats-} >"$TMP/result" 2>&1' 10
}
arrived='"$E2E/compare.py" --writer "$TMP/written" --log "$BACKEND_LOG" --one-key --only ${repeats-} \
	--db "$TMP/state.db" >"$TMP/result" 2>&1'
ticks() { awk '{ print $14 + $15 }' "/proc/$DAEMON_PID/stat"; }
told() { grep -c "event=$1 source=$2" "$TMP/daemon.log" || true; }
begin_to_fail() { # HOW
	: >"$TMP/daemon.log"
	echo "$1" >"$TMP/flag.new"
	mv "$TMP/flag.new" "$TMP/flag"
}

start_failing
write "$TMP/bad/acct.csv" 50
write "$TMP/bad/mail.log" 50 --format postfix --tag m
write_good
wait_for "$arrived" 15
for how in "5 read" "116 fstat" "5 open" "13 stat" "116 all"; do
	begin_to_fail "$how"
	before=$(ticks)
	turn=
	case $how in *open | *all) turn=1 ;; esac # only what is new is opened
	write "$TMP/bad/acct.csv" 50 --rotations ${turn:-0} --rename "{file}.$first.{n}"
	write "$TMP/bad/mail.log" 50 --rotations ${turn:-0} --rename "{file}.$first.{n}" \
		--format postfix --tag m
	: >"$TMP/bad/acct.csv.noise" # so that all is looked over
	: >"$TMP/bad/mail.log.noise"
	rm "$TMP/bad/"*.noise
	write_good
	for s in bad mail; do
		wait_for '[ "$(told unreadable '$s')" -ge 1 ]' 10
	done
	sleep 1
	for n in 1 2 3; do # written to while it fails: no try for each write
		write "$TMP/bad/acct.csv" "$n"
		sleep 0.1
	done
	used=$(($(ticks) - before))
	[ $used -le 40 ] || fail "$how: $used ticks of CPU in about 2 s"
	grep event=unreadable "$TMP/daemon.log" | cut -d' ' -f3- | sort | uniq -d >"$TMP/twice"
	[ ! -s "$TMP/twice" ] || fail "$how: told twice: $(cat "$TMP/daemon.log")"
	rm "$TMP/flag"
	for s in bad mail; do
		wait_for '[ $(($(told readable '$s') + $(told gone '$s'))) = "$(told unreadable '$s')" ]' 35
	done
	wait_for "$arrived" 35
	most=$((used > ${most:-0} ? used : ${most:-0}))
done

# killed and started while it fails: what cannot be told now is not called another file
# shellcheck disable=SC2034 # wait_for evaluates it
repeats=--allow-repeats
stored "$TMP/state.db"
for how in "5 read" "116 all"; do
	begin_to_fail "$how"
	kill9 "$DAEMON_PID"
	write "$TMP/bad/acct.csv" 10
	write "$TMP/bad/mail.log" 10 --format postfix --tag m
	start_failing
	write_good
	sleep 0.7
	rm "$TMP/flag"
	wait_for "$arrived" 35
	stored "$TMP/state.db"
done
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
eval "$arrived" || fail "$(cat "$TMP/result")"
pass "at most $most ticks of CPU while it fails; $(cat "$TMP/result")"
