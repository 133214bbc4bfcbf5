#!/bin/sh
# RT4: logrotate compresses the file that it has just renamed, by gzip and (every other
# mode) by zstd; the writer has just had its HUP. A running daemon reads what the writer adds
# after the packer has been there from the fd that it has open; for one that was killed or
# down, that is in no file.
. "$(dirname "$0")/lib.sh"

sources() { mail_source; }
begin() {
	export DISK=yes
	zstd='compresscmd /usr/bin/zstd
	compressoptions -q --rm
	compressext .zst'
	case $MODE in
	running) DISK='' zstd='' ;;
	down) zstd='' ;;
	esac
	rules create compress ${zstd:+"$zstd"} 'rotate 30' "$(hup)"
	write --file "$LOGS/mail.log"
}
rotate() { logrotate_now; }
modes running killed down
