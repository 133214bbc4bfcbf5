# shellcheck shell=sh
# tests/tailer/scale.sh: figures of the daemon and of its state file, for the scenarios of
# scale and identity. Sourced after lib.sh.
# shellcheck disable=SC2034 # the scenarios take what is set here
SCALE=$(cd "$(dirname "$0")" && pwd)
DB=$TMP/state.db
HEADER=type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,bounceCat

# rows FROM TO [TAG [TYPE]]: that many records; recipients TAG000001@example.net ...
rows() {
	awk -v a="$1" -v b="$2" -v tag="${3:-n}" -v type="${4:-b}" 'BEGIN { for (n = a; n <= b; n++)
		printf "%s,2026-03-02 08:00:00+0000,s@lists.example.com,%s%06d@example.net,5.1.1,smtp;550 5.1.1 no,bad-mailbox\n",
			type, tag, n }'
}

fds() {
	find "/proc/$DAEMON_PID/fd" -mindepth 1 | wc -l
}
rss_kib() {
	awk '/^VmRSS/ { print $2 }' "/proc/$DAEMON_PID/status"
}
ticks() { # of CPU since its start
	awk '{ print $14 + $15 }' "/proc/$DAEMON_PID/stat"
}
state_kib() {
	cat "$DB" "$DB-wal" 2>/dev/null | wc -c | awk '{ print int($1 / 1024) }'
}
rows_of() { # TABLE
	sqlite3 -readonly "$DB" "SELECT count(*) FROM $1"
}
figures() {
	echo "$(fds) fds, RSS $(rss_kib) KiB, state $(state_kib) KiB, rows: file $(rows_of file)," \
		"batch $(rows_of batch), bad $(rows_of bad), dead $(rows_of dead)"
}

# rests SECONDS MAX: ticks of CPU in that time with nothing to do, at most MAX; says how many
rests() {
	before=$(ticks)
	sleep "$1"
	used=$(($(ticks) - before))
	[ $used -le "$2" ] || fail "$used ticks of CPU in $1 s with nothing to do"
}

# each_once LIST NAME [SECONDS]: the recipients of LIST (local parts) have arrived, each in as
# many events as it stands there, and nothing else
each_once() {
	sort "$1" >"$TMP/want"
	want=$(wc -l <"$TMP/want")
	"$SCALE/arrived.py" "$BACKEND_LOG" "$want" "${3:-30}"
	"$E2E/recipients.py" "$BACKEND_LOG" | sort >"$TMP/got"
	got=$(wc -l <"$TMP/got")
	cmp -s "$TMP/want" "$TMP/got" && return
	comm -23 "$TMP/want" "$TMP/got" >"$TMP/lost"
	comm -13 "$TMP/want" "$TMP/got" >"$TMP/more"
	fail "$2: $got events of $want, lost $(wc -l <"$TMP/lost") ($(head -n 5 "$TMP/lost" | xargs))," \
		"too many $(wc -l <"$TMP/more") ($(head -n 5 "$TMP/more" | xargs))"
}

# looked N: the N sources have had their first look, and it is stored
looked() {
	wait_for '[ -s "$DB" ] && [ "$(rows_of source 2>/dev/null || echo 0)" -ge '"$1"' ]' 20
}

# spread DIR N TAG: a record TAG000000 ... more in each of the files f0.csv ... of DIR, with the
# header where one is new; their recipients on stdout
spread() {
	awk -v dir="$1" -v n="$2" -v tag="$3" -v header="$HEADER" 'BEGIN { for (i = 0; i < n; i++) {
		f = dir "/f" i ".csv"
		if ((getline line <f) <= 0)
			print header >>f
		close(f)
		printf "b,2026-03-02 08:00:00+0000,s@lists.example.com,%s%06d@example.net,5.1.1,smtp;550 5.1.1 no,bad-mailbox\n",
			tag, i >>f
		close(f)
		printf "%s%06d\n", tag, i } }'
}
