#!/bin/sh
# A thousand inodes that were used again, on an ext4 of its own (cases ID1, ID2): the new file
# is smaller than, as large as and larger than what was read of the old one, has its columns
# in another order, or begins with the same record; while the daemon runs and while it is
# down. No record is read from the wrong file (it would be bad, or another one), none is lost,
# none comes twice.
#
# REUSE=N: how many while it runs (3000).
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tailer/scale.sh
. "$(dirname "$0")/scale.sh"
# shellcheck source=tests/tailer/mount.sh
. "$(dirname "$0")/mount.sh"

REUSE=${REUSE:-3000}
mount_image "$TMP/ext4"
mkdir "$TMP/ext4/logs"
start_backend
cat >"$TMP/c.yaml" <<EOC
sources:
  - {name: p, format: pmta, path: "$TMP/ext4/logs/*.csv", start: beginning}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 0}}
state: {path: $DB, min_free: 1MiB}
EOC
reuse() { # SEED OPTION...
	seed=$1
	shift
	"$SCALE/reuse.py" --dir "$TMP/ext4/logs" --list "$TMP/written" --log "$BACKEND_LOG" \
		--seed "$seed" "$@" >"$TMP/reuse" 2>"$TMP/reuse.err" ||
		fail "seed $seed $*: $(cat "$TMP/reuse.err"), $(figures)"
}
start_daemon "$TMP/c.yaml"
looked 1
reuse 1 --reuse "$REUSE"
each_once "$TMP/written" "while it runs"
said="running: $(cat "$TMP/reuse")"
down=0 seed=2
while [ $seed -le 8 ]; do
	stop "$DAEMON_PID"
	[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
	reuse $seed --blind
	down=$((down + $(cut -d' ' -f1 "$TMP/reuse")))
	start_daemon "$TMP/c.yaml"
	each_once "$TMP/written" "seed $seed, made while it was down"
	seed=$((seed + 1))
done
[ $down -ge 500 ] || fail "only $down inodes were used again while it was down"
[ "$(rows_of bad)" = 0 ] || fail "$(rows_of bad) bad records: $(figures)"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$said; down: $down reused"
