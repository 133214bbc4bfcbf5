# shellcheck shell=sh
# tests/tailer/mount.sh: file systems of a scenario's own, gone at its end whatever happens.
# Sourced after lib.sh; needs root.
[ "$(id -u)" = 0 ] || fail "needs root, for mount(8)"
MOUNTS=

# what is mounted under $TMP goes before it is removed; the daemon may still be there
leave() {
	rc=$?
	for m in $MOUNTS; do
		umount -l "$m"
	done
	(exit $rc)
	cleanup
}
trap leave EXIT

# mount_image DIR [SIZE]: an ext4 of its own (64M) in DIR; mounted again with what is in it
mount_image() {
	mkdir -p "$1"
	if [ ! -e "$1.img" ]; then
		truncate -s "${2:-64M}" "$1.img"
		mkfs.ext4 -q "$1.img" || fail "mkfs.ext4: $?"
	fi
	mount -o loop "$1.img" "$1" || fail "no loop mount: $?"
	MOUNTS="$MOUNTS $1"
}

unmount() { # DIR
	umount "$1" || fail "umount $1: $?"
	left=
	for m in $MOUNTS; do
		[ "$m" = "$1" ] || left="$left $m"
	done
	MOUNTS=$left
}
