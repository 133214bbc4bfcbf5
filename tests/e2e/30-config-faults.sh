#!/bin/sh
# A fault in the configuration: exit 78 and one line file:line:column, from run and check.
. "$(dirname "$0")/lib.sh"

n=0
# expect NAME 'LINE' <YAML
expect() {
	cat >"$TMP/c.yaml"
	for cmd in run check; do
		rc=0
		"$BOUNCEFEED" $cmd -c "$TMP/c.yaml" >"$TMP/out" 2>"$TMP/err" || rc=$?
		[ $rc = 78 ] || fail "$1: $cmd: exit $rc, want 78: $(cat "$TMP/err")"
		printf '%s\n' "$2" | cmp -s - "$TMP/err" ||
			fail "$1: $cmd: got $(cat "$TMP/err"), want $2"
		[ ! -s "$TMP/out" ] || fail "$1: $cmd: stdout has $(cat "$TMP/out")"
		n=$((n + 1))
	done
}
C=$TMP/c.yaml
head="sources:
  - {name: p, format: pmta, path: $TMP/*.csv}
outputs:
  - name: o
    url: http://127.0.0.1:9/x"

expect "an unknown key" "$C:6:5: unknown key \"selct\", did you mean \"select\"?" <<EOF
$head
    selct: {type: [bounce]}
EOF
expect "a wrong type" "$C:6:12: batch: expected a mapping" <<EOF
$head
    batch: many
EOF
expect "a duplicate key" "$C:6:5: duplicate key \"url\", first on line 5" <<EOF
$head
    url: http://127.0.0.1:10/y
EOF
expect "a secret that cannot be read" \
	"$C:6:27: auth.bearer: \"$TMP/token\" cannot be read: No such file or directory" <<EOF
$head
    auth: {bearer: {file: $TMP/token}}
EOF
rc=0
"$BOUNCEFEED" check --offline -c "$C" >"$TMP/out" 2>"$TMP/err" || rc=$?
[ $rc = 0 ] || fail "check --offline opened the secret: exit $rc: $(cat "$TMP/err")"
"$BOUNCEFEED" check --print --offline -c "$C" >"$TMP/printed.yaml" || fail "check --print: $?"
"$BOUNCEFEED" check --offline -c "$TMP/printed.yaml" >/dev/null 2>"$TMP/err" ||
	fail "what check --print says is refused: $(cat "$TMP/err")"
"$BOUNCEFEED" check --offline -c "$E2E/../../config/bouncefeed.yaml" >/dev/null 2>"$TMP/err" ||
	fail "config/bouncefeed.yaml is refused: $(cat "$TMP/err")"
pass "$n refusals"
