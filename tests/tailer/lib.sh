# shellcheck shell=sh
# shellcheck disable=SC2034 # variables of the scenarios
# tests/tailer/lib.sh: what the scenarios of rotations share, above what all scenarios do
# (tests/e2e/lib.sh). One begins with
#
#     . "$(dirname "$0")/lib.sh"
#
# says what is rotated and how, in three functions, and plays it in several modes:
#
#     sources   prints the sources of the configuration
#     begin     starts the writer (write ...), before the daemon has its first look
#     rotate    one rotation; runs in a subshell, too
#     modes running killed down
#
# running: rotations while all goes on. killed: the daemon gets kill -9 in the middle of each
# of them and is started again at once. down: it is down for three of them, one of them
# packed (pack) where logrotate does not. Each mode has a directory of its own, $RUN, the
# logs in $LOGS, and ends in `written N, arrived N, twice 0`.
#
# Settings: ROTATIONS, NAP (seconds between two), PLAN (of the backend), BATCH (of the
# output), STATE (more keys), DISK=yes: a rotation may destroy
# records (see on_disk.py), MAY=yes: $RUN/may has those that may be missing.
E2E=$(cd "$(dirname "$0")/../e2e" && pwd)
TAILER=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/lib.sh
. "$E2E/lib.sh"

ROTATIONS=${ROTATIONS:-3}
NAP=${NAP:-0.4}
PLAN=${PLAN:-}
WRITER=
MAY=
BATCH=${BATCH:-"{max_events: 500, linger: 20ms}"}
DISK=${DISK:-}
RESULT=

# --- what a scenario says

# mail_source, pmta_source: the usual one, for sources(); more keys behind it
mail_source() {
	echo "  - {name: m, format: postfix, path: $LOGS/mail.log, start: beginning${*:+, $*}}"
}
pmta_source() {
	echo "  - {name: p, format: pmta, path: $LOGS/bounces.csv, start: beginning${*:+, $*}}"
}

# write OPTION...: starts writer.py. Its number is in WRITER and $RUN/writer.pid
write() {
	# shellcheck disable=SC2086 # words
	"$TAILER/writer.py" --list "$RUN/list" --turns "$RUN/turns" "$@" 2>>"$RUN/writer.err" &
	WRITER=$!
	started $WRITER
	echo $WRITER >"$RUN/writer.pid"
}

# wait_writer: one that ends by itself
wait_writer() {
	wait "$WRITER" || fail "${STEP:-$MODE}: the writer: $(cat "$RUN/writer.err")"
	forget "$WRITER"
	WRITER=
}

# put FILE FIRST COUNT [OPTION...]: appends records, all at once
put() {
	file=$1 first=$2 count=$3
	shift 3
	"$TAILER/writer.py" --list "$RUN/list" --file "$file" --first "$first" --count "$count" \
		--rate 0 "$@" || fail "put $file"
}

# rules LINE...: what logrotate does with $LOGS/*.log and $LOGS/*.csv ($WHAT)
rules() {
	{
		echo "${WHAT:-$LOGS/*.log $LOGS/*.csv} {"
		printf '\t%s\n' missingok "$@"
		echo '}'
	} >"$RUN/logrotate.conf"
}

# hup [FILE]: the lines of a postrotate that sends HUP to the process in FILE, for rules()
hup() {
	printf 'postrotate\n\t\tkill -HUP $(cat %s)\n\tendscript' "${*:-$RUN/writer.pid}"
}

# logrotate_now: all that stands in rules(). The times at which it ran are in $RUN/windows
logrotate_now() {
	from=$(date +%s.%N)
	logrotate -f -s "$RUN/logrotate.state" "$RUN/logrotate.conf" >>"$RUN/logrotate.out" 2>&1 ||
		fail "logrotate: $(tail -n 5 "$RUN/logrotate.out")"
	echo "$from $(date +%s.%N)" >>"$RUN/windows"
	snapshot
}

# turned N: the writer has gone on to another file N times
turned() {
	wait_for '[ "$(cat "$RUN/turns" 2>/dev/null || echo 0)" -ge '"$1"' ]' 20
}

# snapshot: what is on disk now has to arrive
snapshot() {
	[ ! "$DISK" ] || "$TAILER/on_disk.py" --must "$RUN/must" "$LOGS" ${AWAY:+"$AWAY"} ||
		fail "snapshot"
}

# pack: of the rotated files the last but one, where none is packed yet
pack() {
	find "$LOGS" "$AWAY" -name '*.gz' -o -name '*.zst' 2>/dev/null | grep -q . && return
	# shellcheck disable=SC2012,SC2046 # names are ours
	which=$(ls -t $(rotated) | sed -n 2p)
	[ "$which" ] || fail "nothing to pack in $LOGS"
	gzip "$which"
}
rotated() {
	find "$LOGS" "$AWAY" -type f ! -name mail.log ! -name bounces.csv
}

# --- the modes

# play MODE...: one after the other
play() {
	for MODE in ${MODES:-"$@"}; do
		new_run "$MODE"
		begin
		run_daemon
		arrived 1
		"play_$MODE"
		settle 45
	done
}

modes() {
	play "$@"
	pass "$RESULT"
}

# new_run [NAME]: a directory and a backend of its own
RUNS=0
new_run() {
	MODE=${*:-$MODE}
	RUNS=$((RUNS + 1))
	RUN=$TMP/$RUNS LOGS=$TMP/$RUNS/logs AWAY=$TMP/$RUNS/away
	BACKEND_LOG=$RUN/backend.log
	REPEATS='' STEP='' WRITER=''
	mkdir -p "$LOGS" "$AWAY" || fail "mkdir"
	: >"$RUN/windows"
	start_backend ${PLAN:+--plan "$PLAN"}
}

run_daemon() {
	[ -e "$RUN/c.yaml" ] || cat >"$RUN/c.yaml" <<-CONFIG
		sources:
		$(sources)
		outputs:
		  - name: o
		    url: $BACKEND_URL
		    batch: $BATCH
		    retry: {min: 5ms, max: 50ms}
		state: {path: $RUN/state.db, min_free: 1MiB${STATE:+, $STATE}}
	CONFIG
	start_daemon "$RUN/c.yaml"
}

# crash: kill -9; a batch under way may come again then, under its own key
crash() {
	kill -0 "$DAEMON_PID" 2>/dev/null || fail "$MODE: the daemon ended by itself"
	kill9 "$DAEMON_PID"
	REPEATS=--allow-repeats
}

# arrived N: so many records, at least
arrived() {
	if [ "$1" = 1 ]; then
		wait_for '[ -s "$BACKEND_LOG" ]' 20
		return
	fi
	wait_for '[ "$("$E2E/recipients.py" "$BACKEND_LOG" 2>/dev/null | wc -l)" -ge '"$1"' ]' 20
}

play_running() {
	i=0
	while [ $((i += 1)) -le "$ROTATIONS" ]; do
		sleep "$NAP"
		(rotate) || fail "rotation $i"
	done
	sleep "$NAP"
}

# some time up to 0.3 s
moment() {
	sleep "$(printf '0.%03d' $(($(od -An -N2 -tu2 /dev/urandom) % 300)))"
}

play_killed() {
	i=0
	while [ $((i += 1)) -le "$ROTATIONS" ]; do
		sleep "$NAP"
		(rotate) &
		turning=$!
		moment
		crash
		run_daemon
		wait $turning || fail "rotation $i"
	done
	sleep "$NAP"
}

play_down() {
	sleep "$NAP"
	(rotate) || fail "rotation"
	sleep "$NAP"
	crash
	for i in 1 2 3; do
		sleep "$NAP"
		(rotate) || fail "rotation $i while it is down"
	done
	pack
	run_daemon
	sleep "$NAP"
}

# verdict [OPTION...]: in $RUN/result
verdict() {
	# shellcheck disable=SC2086 # one word or none
	"$TAILER/verdict.py" --list "$RUN/list" --log "$BACKEND_LOG" $REPEATS \
		${DISK:+--must "$RUN/must" --windows "$RUN/windows"} ${MAY:+--may "$RUN/may"} \
		"$@" >"$RUN/result" 2>&1
}

# caught_up [SECONDS]: all that was written has arrived
caught_up() {
	snapshot
	verdict --wait "${*:-45}" --pid "$DAEMON_PID" && return
	kill -0 "$DAEMON_PID" 2>/dev/null || fail "${STEP:-$MODE}: the daemon ended by itself"
	fail "${STEP:-$MODE}: $(cat "$RUN/result")"
}

# step TEXT: what is being done, for failures
step() {
	STEP="$MODE: $*"
}

# settle [SECONDS]: the writer ends, all arrives within that time, and nothing comes after it
settle() {
	if [ "$WRITER" ]; then
		stop "$WRITER"
		[ "$STOPPED" = 0 ] || fail "$MODE: the writer: $STOPPED $(cat "$RUN/writer.err")"
		WRITER=
	fi
	caught_up "${*:-45}"
	sleep 0.7
	stop "$DAEMON_PID"
	[ "$STOPPED" = 0 ] || fail "$MODE: the daemon ended with $STOPPED"
	verdict --db "$RUN/state.db" || fail "$MODE, at the end: $(cat "$RUN/result")"
	stop "$BACKEND_PID"
	after
	say "$MODE: $(tail -n 1 "$RUN/result")"
}

# say TEXT: one more line of what is shown when the scenario passes
say() {
	RESULT="$RESULT
  $*"
}

# after: at the end of each mode, for what the scenario started
after() { :; }

# run_rsyslogd: a real one with a socket, pid file and configuration of its own,
# which writes mail.* to $LOGS/mail.log and local1.* (--pri 142) to $LOGS/other.log
run_rsyslogd() {
	mkdir -p "$RUN/rsyslog"
	cat >"$RUN/rsyslog.conf" <<-CONFIG
		global(workDirectory="$RUN/rsyslog")
		module(load="imuxsock" SysSock.Use="off")
		input(type="imuxsock" Socket="$RUN/log.sock" RateLimit.Interval="0"
		    CreatePath="off" UsePIDFromSystem="off")
		mail.* action(type="omfile" file="$LOGS/mail.log"
		    template="RSYSLOG_FileFormat")
		local1.* action(type="omfile" file="$LOGS/other.log"
		    template="RSYSLOG_FileFormat")
	CONFIG
	rsyslogd -n -f "$RUN/rsyslog.conf" -i "$RUN/rsyslogd.pid" >>"$RUN/rsyslogd.out" 2>&1 &
	RSYSLOGD=$!
	started $RSYSLOGD
	wait_for '[ -S "$RUN/log.sock" ] && [ -s "$RUN/rsyslogd.pid" ]' 10
}
