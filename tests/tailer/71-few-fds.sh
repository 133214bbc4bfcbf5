#!/bin/sh
# 500 files in one glob under RLIMIT_NOFILE 64 (case RES2): they are read in turns, no record
# is lost, a rotation in the middle included, and delivery and the state file keep the fds
# that they need.
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tailer/scale.sh
. "$(dirname "$0")/scale.sh"

FILES=${FILES:-500}
start_backend
mkdir "$TMP/logs"
cat >"$TMP/c.yaml" <<EOC
sources:
  - {name: p, format: pmta, path: "$TMP/logs/*.csv", start: beginning}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $DB, min_free: 1MiB}
EOC
# round N: each file gets a record
round() {
	spread "$TMP/logs" "$FILES" "r$1x" >>"$TMP/written"
}
round 1
prlimit --nofile=64:64 "$BOUNCEFEED" run -c "$TMP/c.yaml" >>"$TMP/daemon.out" 2>>"$TMP/daemon.log" &
DAEMON_PID=$!
started $DAEMON_PID
each_once "$TMP/written" "what was there"
said="at once: $(fds) fds"
round 2
each_once "$TMP/written" "what was added"
n=0
while [ $n -lt "$FILES" ]; do
	mv "$TMP/logs/f$n.csv" "$TMP/logs/f$n.csv.1"
	n=$((n + 5))
done
round 3
each_once "$TMP/written" "after every fifth was rotated"
[ "$(fds)" -le 64 ] || fail "$(fds) fds"
rests 3 2
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
round 4
start_daemon "$TMP/c.yaml"
each_once "$TMP/written" "after a restart"
grep -F ' error ' "$TMP/daemon.log" >"$TMP/errors" && fail "errors: $(head -n 5 "$TMP/errors")"
pass "$(wc -l <"$TMP/written") records of $FILES files, each once; $said; $(figures)"
