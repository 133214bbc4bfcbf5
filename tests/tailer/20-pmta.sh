#!/bin/sh
# PowerMTA with dated names (bounces-YYYY-MM-DD-NNNN.csv) in one directory: a new file by
# command, by size and at midnight, nothing renamed. It writes in pieces that end anywhere.
. "$(dirname "$0")/lib.sh"

sources() { pmta_source; }
begin() { write --pmta "$LOGS" --format pmta --torn --max-size 400000; }
rotate() {
	n=$(cat "$RUN/turns" 2>/dev/null || echo 0)
	kill -HUP "$WRITER"
	turned $((n + 1))
}
modes running killed down
