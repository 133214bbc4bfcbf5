# shellcheck shell=sh
# tests/e2e/lib.sh: what scenarios share. A scenario begins with
#
#     . "$(dirname "$0")/lib.sh"
#
# (from another directory: its lib.sh sets E2E first) and has: $E2E (this directory), $TMP (its own, gone at the end; KEEP=1 keeps it), $NAME,
# $BOUNCEFEED (the binary). It ends with pass, or with fail from anywhere.
#
# Only processes that were started here are ended, by their number, never by a name: other
# scenarios run beside this one.
set -u

E2E=${E2E:-$(cd "$(dirname "$0")" && pwd)}
NAME=$(basename "$0" .sh)
BOUNCEFEED=${BOUNCEFEED:-$E2E/../../build/bouncefeed}
[ -x "$BOUNCEFEED" ] || {
	echo "$NAME: no binary at $BOUNCEFEED (make)" >&2
	exit 66
}
TMP=$(mktemp -d) || exit 73
PIDS=

cleanup() {
	rc=$?
	trap - EXIT
	for pid in $PIDS; do
		kill -TERM "$pid" 2>/dev/null
	done
	# what does not end by itself within 5 s is killed
	tries=0
	for pid in $PIDS; do
		while kill -0 "$pid" 2>/dev/null; do
			tries=$((tries + 1))
			[ $tries -lt 50 ] || kill -KILL "$pid" 2>/dev/null
			sleep 0.1
		done
		wait "$pid" 2>/dev/null
	done
	if [ "${KEEP:-}" ]; then
		echo "$NAME: kept $TMP" >&2
	else
		rm -rf "$TMP"
	fi
	exit $rc
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

fail() {
	echo "$NAME: FAIL: $*" >&2
	for log in "$TMP"/daemon.log "$TMP"/backend.err; do
		[ ! -s "$log" ] || {
			echo "--- end of $(basename "$log")"
			tail -n 20 "$log"
		} >&2
	done
	exit 1
}

pass() {
	echo "$NAME: passed${*:+: $*}"
	exit 0
}

# started PID: it is ours, and ended with us. forget PID: it is gone.
started() {
	PIDS="$PIDS $1"
}

forget() {
	left=
	for pid in $PIDS; do
		[ "$pid" = "$1" ] || left="$left $pid"
	done
	PIDS=$left
}

# wait_for 'CONDITION' SECONDS: until the condition, shell text, is true
wait_for() {
	deadline=$(($(date +%s) + $2 + 1))
	until eval "$1"; do
		[ "$(date +%s)" -lt $deadline ] || fail "not within $2 s: $1"
		sleep 0.05
	done
}

# start_backend [OPTION...]: backend.py, with its log in $BACKEND_LOG. Sets BACKEND_PID,
# BACKEND_PORT and BACKEND_URL. To come back at the same place: --port "$BACKEND_PORT".
BACKEND_LOG=$TMP/backend.log
start_backend() {
	rm -f "$TMP/backend.port"
	"$E2E/backend.py" --port-file "$TMP/backend.port" --log "$BACKEND_LOG" "$@" \
		2>>"$TMP/backend.err" &
	BACKEND_PID=$!
	started $BACKEND_PID
	# shellcheck disable=SC2016 # evaluated there
	wait_for '[ -s "$TMP/backend.port" ] || ! kill -0 $BACKEND_PID 2>/dev/null' 10
	[ -s "$TMP/backend.port" ] || fail "the backend does not start"
	BACKEND_PORT=$(cat "$TMP/backend.port")
	# shellcheck disable=SC2034 # for the scenarios
	BACKEND_URL=http://127.0.0.1:$BACKEND_PORT/events
}

# start_daemon CONFIG: sets DAEMON_PID. Its messages are added to $TMP/daemon.log.
start_daemon() {
	"$BOUNCEFEED" run -c "$1" >>"$TMP/daemon.out" 2>>"$TMP/daemon.log" &
	DAEMON_PID=$!
	started $DAEMON_PID
}

# stored DB: what was accepted is done with in the state file, too (else a kill -9 repeats it,
# under its key)
stored() {
	wait_for '[ "$("$E2E/state.py" "'"$1"'" standing)" = empty ]' 5
}

# stop PID: SIGTERM and wait; the exit code is in $STOPPED
stop() {
	kill -TERM "$1" 2>/dev/null
	# shellcheck disable=SC2034 # for the scenarios
	STOPPED=0
	# shellcheck disable=SC2034
	wait "$1" || STOPPED=$?
	forget "$1"
}

# kill9 PID: no chance to tidy up, as power loss for the process
kill9() {
	kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	forget "$1"
}

# requests [TEXT]: how many requests the backend has logged, or those whose line has TEXT
requests() {
	[ -f "$BACKEND_LOG" ] || {
		echo 0
		return
	}
	grep -c -F -e "${1-}" "$BACKEND_LOG" || true
}
