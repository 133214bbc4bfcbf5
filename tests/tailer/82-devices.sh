#!/bin/sh
# The device number changes: the same file system is mounted as another device, then what was
# in it is copied to a new one, so that inodes change, too (case ID6), and last a bind mount hides the
# directory for a while. Files are recognised by their content: no replay, and what was added meanwhile
# comes. Among them are twenty with the same header and the same first record (case ID3), some
# of which hold nothing but the beginning of another one; one that has only its header, and one
# whose last record is not finished.
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tailer/scale.sh
. "$(dirname "$0")/scale.sh"
# shellcheck source=tests/tailer/mount.sh
. "$(dirname "$0")/mount.sh"

start_backend
mount_image "$TMP/disk"
logs=$TMP/disk/logs
mkdir "$logs"
cat >"$TMP/c.yaml" <<EOC
sources:
  - {name: p, format: pmta, path: "$logs/*.csv", start: beginning}
outputs:
  - {name: o, url: "$BACKEND_URL", batch: {linger: 10ms}}
state: {path: $DB, min_free: 1MiB}
EOC
# file NAME RECORDS [TAG]: header, the common first record, then so many of its own
file() {
	{
		echo "$HEADER"
		rows 1 1 same
		rows 1 "$2" "${3:-$1x}"
	} >"$logs/$1.csv"
	echo same000001 >>"$TMP/written"
	add "$2" "${3:-$1x}"
}
add() { # COUNT TAG: to the list
	rows 1 "$1" "$2" | awk -F'[,@]' '{ print $5 }' >>"$TMP/written"
}
# mount_elsewhere: the disk, as another device than in the state file
others=0
mount_elsewhere() {
	while
		unmount "$TMP/disk"
		others=$((others + 1))
		mount_image "$TMP/other$others" 8M # takes a loop device
		mount_image "$TMP/disk"
		[ "$(sqlite3 -readonly "$DB" "SELECT count(*) FROM file WHERE dev = $(stat -c %d "$TMP/disk")")" != 0 ]
	do
		[ $others -lt 5 ] || fail "the device number does not change"
	done
}
n=0
while [ $n -lt 20 ]; do
	file "a$n" $((n % 7))
	n=$((n + 1))
done
# the first records of one another
file b1 1 common
file b2 2 common
file b3 3 common
file b4 40 common
echo "$HEADER" >"$logs/header.csv"
{ echo "$HEADER"; rows 1 1 torn; } | head -c 90 >"$logs/torn.csv"
: >"$logs/empty.csv"
start_daemon "$TMP/c.yaml"
each_once "$TMP/written" "at first"
stop "$DAEMON_PID"

# the same, as another device
mount_elsewhere
start_daemon "$TMP/c.yaml"
rows 1 1 devB >>"$logs/a3.csv"
add 1 devB
each_once "$TMP/written" "another device"
stop "$DAEMON_PID"

# copied to a new file system, and each one goes on
mkdir "$TMP/copy"
cp -a "$logs" "$TMP/copy/"
unmount "$TMP/disk"
rm "$TMP/disk.img"
mount_image "$TMP/disk"
mount_elsewhere
mkdir "$TMP/disk/filler" # shifts the inodes
cp -a "$TMP/copy/logs" "$TMP/disk/"
for f in "$logs"/[ab]*.csv; do
	name=$(basename "$f" .csv)
	rows 1 1 "${name}more" >>"$f"
	add 1 "${name}more"
done
rows 1 1 headermore >>"$logs/header.csv"
add 1 headermore
rows 1 1 torn | tail -c +$((90 - (${#HEADER} + 1) + 1)) >>"$logs/torn.csv"
add 1 torn
start_daemon "$TMP/c.yaml"
each_once "$TMP/written" "copied to a new file system"

# hidden and seen again, while it runs: nothing is read again from the beginning
mkdir "$TMP/void"
mount --bind "$TMP/void" "$logs" || fail "no bind mount"
MOUNTS="$MOUNTS $logs"
sleep 1
unmount "$logs"
rows 1 1 back >>"$logs/a3.csv"
add 1 back
each_once "$TMP/written" "a bind mount came and went" 70
[ "$(rows_of bad)" = 0 ] || fail "$(rows_of bad) bad records"
stop "$DAEMON_PID"
[ "$STOPPED" = 0 ] || fail "the daemon ended with $STOPPED"
pass "$(wc -l <"$TMP/written") records, each once"
