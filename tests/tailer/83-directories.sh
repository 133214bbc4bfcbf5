#!/bin/sh
# Directories removed and made again, renamed and put in each other's place, fast, so that watch descriptors
# come and go (case IN11): what is written into a directory that is there to stay comes, each
# record once, and neither watches nor fds are left behind.
#
# STORM=N: how many times (500).
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tailer/scale.sh
. "$(dirname "$0")/scale.sh"

STORM=${STORM:-500}
start_backend
mkdir "$TMP/logs" "$TMP/logs/a" "$TMP/logs/b"
cat >"$TMP/c.yaml" <<EOC
sources:
  - {name: fixed, format: pmta, path: ["$TMP/logs/a/x.csv", "$TMP/logs/b/x.csv"], start: beginning}
  - {name: glob, format: pmta, path: "$TMP/logs/*/y*.csv", start: beginning}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $DB, min_free: 1MiB}
EOC
watches() {
	cat /proc/"$DAEMON_PID"/fdinfo/* 2>/dev/null | grep -c '^inotify'
}
put() { # FILE TAG: a record more
	[ -e "$1" ] || echo "$HEADER" >"$1"
	rows 1 1 "$2" >>"$1"
	echo "${2}000001" >>"$TMP/written"
}
start_daemon "$TMP/c.yaml"
looked 2
put "$TMP/logs/a/x.csv" first
put "$TMP/logs/b/y1.csv" firsty
each_once "$TMP/written" "at first"
before=$(watches)
# nothing is in them but now and then a file that is to stay
/usr/bin/python3 - "$TMP/logs" "$STORM" <<'EOP'
import os, random, sys
logs, storm = sys.argv[1], int(sys.argv[2])
r = random.Random(1)
os.rename(f"{logs}/a/x.csv", f"{logs}/keep-x.csv")
os.rename(f"{logs}/b/y1.csv", f"{logs}/keep-y.csv")
os.rmdir(f"{logs}/a")
os.rmdir(f"{logs}/b")
for i in range(storm):
    for name in r.sample(["a", "b", "c", "d"], 4):
        os.mkdir(f"{logs}/{name}")
        open(f"{logs}/{name}/none", "w").close()
    os.rename(f"{logs}/a", f"{logs}/t")
    os.rename(f"{logs}/b", f"{logs}/a")
    os.rename(f"{logs}/t", f"{logs}/b")
    if i == storm - 1:
        break
    for name in "abcd":
        os.unlink(f"{logs}/{name}/none")
        os.rmdir(f"{logs}/{name}")
os.rename(f"{logs}/keep-x.csv", f"{logs}/a/x.csv")
os.rename(f"{logs}/keep-y.csv", f"{logs}/b/y1.csv")
EOP
begin=$(date +%s%N)
for d in a b c d; do
	put "$TMP/logs/$d/y2.csv" "after$d"
done
put "$TMP/logs/a/x.csv" second
put "$TMP/logs/b/y1.csv" secondy
put "$TMP/logs/b/x.csv" third
each_once "$TMP/written" "after the storm" "${WITHIN:-20}"
said="$STORM times four directories; what came after it took $((($(date +%s%N) - begin) / 1000000)) ms"
put "$TMP/logs/a/x.csv" fourth
put "$TMP/logs/d/y2.csv" fourthy
each_once "$TMP/written" "and they are followed"
# one is removed while what is in it is read, and made again
rm -r "$TMP/logs/a"
sleep 1
mkdir "$TMP/logs/a"
begin=$(date +%s%N)
put "$TMP/logs/a/x.csv" again
each_once "$TMP/written" "in a directory made again" "${WITHIN:-20}"
said="$said; in one made again after a second $((($(date +%s%N) - begin) / 1000000)) ms"
after=$(watches)
[ "$after" -le $((before + 8)) ] || fail "$after watches, at first $before"
rests 3 2
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$said; $before watches at first, $after now"
