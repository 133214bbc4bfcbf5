#!/bin/sh
# The demo ends in "N events, 0 lost, 0 twice"; with one record taken out of the sink's
# file, or put in again, its count says so: a count that cannot fail would show nothing.
. "$(dirname "$0")/lib.sh"

ROOT=$E2E/../..
"$ROOT/script/demo" "$BOUNCEFEED" "$TMP" >"$TMP/out" 2>&1 || fail "demo: $(cat "$TMP/out")"
[ "$(tail -n 1 "$TMP/out")" = "7000 events, 0 lost, 0 twice" ] ||
	fail "the demo ends in: $(tail -n 1 "$TMP/out")"
grep -v '"recipient":"demo-003333@' "$TMP/arrived.jsonl" >"$TMP/less"
said=$("$ROOT/script/count" "$TMP/written" "$TMP/less") && fail "one is missing: exit 0"
[ "$said" = "6999 events, 1 lost, 0 twice" ] || fail "one is missing: $said"
{
	cat "$TMP/arrived.jsonl"
	grep '"recipient":"demo-003333@' "$TMP/arrived.jsonl"
} >"$TMP/more"
said=$("$ROOT/script/count" "$TMP/written" "$TMP/more") && fail "one came twice: exit 0"
[ "$said" = "7000 events, 0 lost, 1 twice" ] || fail "one came twice: $said"
: >"$TMP/none"
said=$("$ROOT/script/count" "$TMP/written" "$TMP/none") && fail "nothing came: exit 0"
[ "$said" = "0 events, 7000 lost, 0 twice" ] || fail "nothing came: $said"
pass
