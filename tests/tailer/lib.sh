# shellcheck shell=sh
# tests/tailer/lib.sh: what the scenarios of rotations share, above what all scenarios do
# (tests/e2e/lib.sh). One begins with
#
#     . "$(dirname "$0")/lib.sh"
E2E=$(cd "$(dirname "$0")/../e2e" && pwd)
# shellcheck source=tests/e2e/lib.sh
. "$E2E/lib.sh"
