#!/bin/sh
# pmta-config: what it prints makes whole events. A file written as its directives say, with a
# value in every column, gives events of each type in which no column is left over; and where
# PowerMTA's own configuration differs, it says so.
. "$(dirname "$0")/lib.sh"

cat >"$TMP/c.yaml" <<EOF
sources:
  - name: bounces
    format: pmta
    path: /var/log/pmta/bounces.csv
    archive: /var/log/pmta/accounting
    extra: [userString]
    metadata: {c: {from: headers.x-campaign-id}, d: {from: native.dlvSize}}
  - {name: fbl, format: pmta, path: /var/log/pmta/fbl.csv}
  - {name: glob, format: pmta, path: "/var/log/pmta/x-*.csv"}
  - {name: maillog, format: maillog, path: /var/log/mail.log}
outputs:
  - {name: o, url: "http://127.0.0.1:1/"}
  - {name: d, url: "http://127.0.0.1:1/", select: {type: [delivery, deferral], source: [bounces]}}
EOF
"$BOUNCEFEED" pmta-config -c "$TMP/c.yaml" >"$TMP/out" || fail "exit $?"
want() { # TEXT [FILE]
	grep -qF -e "$1" "${2:-$TMP/out}" || fail "no \"$1\" in $(cat "${2:-$TMP/out}")"
}
want '<acct-file /var/log/pmta/bounces.csv>'
want 'records d, b, t, rb, rs'
want 'move-to /var/log/pmta/accounting'
want '<acct-file /var/log/pmta/fbl.csv>'
want 'records feedback-loop'
want 'left out: 1 path'
[ "$(grep -c '^</acct-file>$' "$TMP/out")" = 2 ] || fail "not two blocks: $(cat "$TMP/out")"
grep -q maillog "$TMP/out" && fail "it has the mail log"
for column in header_x-campaign-id header_X-FBLId dlvSize userString dsnDiag; do
	grep 'record-fields b' "$TMP/out" | grep -q "[, ]$column\(,\|$\)" || fail "b without $column"
done

# the files that PowerMTA would write, by these directives and nothing else
python3 - "$TMP" <<'END' || fail "no files"
import csv
import sys

VALUES = {"timelogged": "2026-03-02 08:00:01+0000", "timequeued": "2026-03-02 08:00:00+0000",
          "rcpt": "a@b.example", "orcpt": "rfc822;o@b.example", "dsnstatus": "5.1.1 (x)",
          "dsndiag": "smtp;550 5.1.1 x", "dsnmta": "mx (192.0.2.1)", "feedbacktype": "abuse",
          "dsnaction": "failed"}
ACTION = {"rs": "relayed", "t": "delayed", "d": "relayed"}
blocks, name = {}, None
for line in open(sys.argv[1] + "/out", encoding="utf-8"):
    word = line.strip().rstrip(">").split(None, 1)
    if word[:1] == ["<acct-file"]:
        name = word[1].rsplit("/", 1)[1]
    elif word[:1] == ["record-fields"]:
        record, fields = word[1].split(None, 1)
        blocks.setdefault(name, []).append((record, fields.split(",")))
for name, records in blocks.items():
    columns = list(dict.fromkeys(f for _, fields in records for f in fields))
    with open(f"{sys.argv[1]}/{name}", "w", encoding="utf-8", newline="") as f:
        w = csv.writer(f)
        w.writerow(["type"] + columns)
        for record, fields in records:
            row = {c: VALUES.get(c.lower(), f"{c}-value") for c in fields}
            if "dsnAction" in row and record in ACTION:
                row["dsnAction"] = ACTION[record]
            w.writerow([record] + [row.get(c, "") for c in columns])
END
for f in bounces fbl; do
	"$BOUNCEFEED" replay -c "$TMP/c.yaml" --source $f --strict "$TMP/$f.csv" \
		>>"$TMP/events" 2>"$TMP/err" || fail "replay: $(cat "$TMP/err")"
done
python3 - "$TMP/events" <<'END' || fail "events: $(cat "$TMP/events")"
import json
import sys

events = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
types = sorted((e["type"], e.get("mode", "")) for e in events)
assert types == [("bounce", "async"), ("bounce", "sync"), ("complaint", ""),
                 ("deferral", "sync"), ("delivery", ""), ("delivery", "")], types
for e in events:
    local = e.get("mode") == "sync" or "queued" in e
    want = {"id", "type", "time", "recipient", "sender", "envelope_id", "fbl_id", "headers"}
    if local:
        want |= {"job_id", "vmta", "pool", "queue", "submitter", "local_ip", "remote_ip", "native"}
        assert e["native"] == {"userString": "userString-value"}, e["native"]
        assert e["metadata"] == {"c": "header_x-campaign-id-value", "d": "dlvSize-value"}, e
    if e["type"] == "complaint":
        want |= {"feedback"}
        assert len(e["feedback"]) == 6, e["feedback"]
    assert want <= e.keys(), want - e.keys()
END

# PowerMTA's own, as it is now
cat >"$TMP/pmta" <<'EOF'
# <acct-file /var/log/pmta/fbl.csv>
<source 0/0>
    move-to /nowhere
</source>
<Acct-File /var/log/pmta/bounces.csv>
    records  bounce, RB   # two
    record-fields b timeQueued,timeLogged,orig,rcpt,bounceCat,dsnStatus,dsnAction,dsnDiag
    move-to "/var/log/pmta/done"
</acct-file>
EOF
"$BOUNCEFEED" pmta-config -c "$TMP/c.yaml" "$TMP/pmta" >"$TMP/out" || fail "exit $?"
want 'now without the records d, t, rs'
want 'now record-fields b lacks orcpt,dsnMta,'
want 'move-to and archive disagree: move-to is /var/log/pmta/done now'
want 'has no <acct-file /var/log/pmta/fbl.csv> now'
sed -i 's,/var/log/pmta/done,/var/log/pmta/accounting/,' "$TMP/pmta"
"$BOUNCEFEED" pmta-config -c "$TMP/c.yaml" "$TMP/pmta" >"$TMP/out" || fail "exit $?"
grep -q disagree "$TMP/out" && fail "they agree: $(cat "$TMP/out")"
sed -i '/move-to/d' "$TMP/pmta"
"$BOUNCEFEED" pmta-config -c "$TMP/c.yaml" "$TMP/pmta" >"$TMP/out" || fail "exit $?"
want 'move-to and archive disagree: there is no move-to now'
rc=0
"$BOUNCEFEED" pmta-config -c "$TMP/c.yaml" "$TMP/gone" >/dev/null 2>"$TMP/err" || rc=$?
[ $rc = 66 ] || fail "a file that is not there: exit $rc, want 66"
pass
