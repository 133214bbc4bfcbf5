#!/bin/sh
# The same samples give the same ids, however they come: whole, a byte at a time through a
# FIFO, from standard input, from .gz and .zst, and followed by the daemon.
. "$(dirname "$0")/lib.sh"

SAMPLES=$E2E/../../samples/pmta
ids() { sed -n 's/^{"id":"\([0-9a-f]*\)".*/\1/p' "$@" | sort; }

"$BOUNCEFEED" replay "$SAMPLES"/*.csv >"$TMP/whole.jsonl" 2>"$TMP/err" || fail "replay: $?"
ids "$TMP/whole.jsonl" >"$TMP/whole"
[ "$(wc -l <"$TMP/whole")" -ge 30 ] || fail "the samples give only $(wc -l <"$TMP/whole") ids"

mkfifo "$TMP/fifo"
for f in "$SAMPLES"/*.csv; do
	"$E2E/trickle.py" "$f" "$TMP/fifo" &
	"$BOUNCEFEED" replay "$TMP/fifo" 2>>"$TMP/err"
	wait $!
done >"$TMP/fifo.jsonl"
for f in "$SAMPLES"/*.csv; do
	"$BOUNCEFEED" replay - <"$f" 2>>"$TMP/err"
done >"$TMP/stdin.jsonl"
mkdir "$TMP/gz" "$TMP/zst" "$TMP/live"
for f in "$SAMPLES"/*.csv; do
	gzip -c "$f" >"$TMP/gz/$(basename "$f").gz"
	zstd -q -c "$f" >"$TMP/zst/$(basename "$f").zst"
done
"$BOUNCEFEED" replay "$TMP"/gz/* >"$TMP/gz.jsonl" 2>>"$TMP/err"
"$BOUNCEFEED" replay "$TMP"/zst/* >"$TMP/zst.jsonl" 2>>"$TMP/err"
for way in fifo stdin gz zst; do
	ids "$TMP/$way.jsonl" | diff "$TMP/whole" - >"$TMP/diff" || fail "$way: $(cat "$TMP/diff")"
done

# followed: the files are written piece by piece while the daemon runs; an unfinished last
# record is none for it, and is one for replay, which sees the file's end
start_backend
cat >"$TMP/c.yaml" <<EOF
sources:
  - {name: live, format: pmta, path: "$TMP/live/*.csv", start: beginning}
outputs:
  - name: all
    url: $BACKEND_URL
    select: {type: [bounce, complaint, delivery, deferral]}
    batch: {linger: 50ms}
state: {path: $TMP/state.db, min_free: 1MiB}
EOF
start_daemon "$TMP/c.yaml"
for f in "$SAMPLES"/*.csv; do
	"$E2E/trickle.py" --chunk 37 "$f" "$TMP/live/$(basename "$f")"
done
"$E2E/ids.py" "$BACKEND_LOG" >"$TMP/live.ids"
wait_for '"$E2E/ids.py" "$BACKEND_LOG" | sort >"$TMP/live.ids"; cmp -s "$TMP/whole" "$TMP/live.ids"' 15
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$(wc -l <"$TMP/whole") ids in six ways"
