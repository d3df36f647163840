# shellcheck shell=sh
# Sourced by install.sh and uninstall.sh: checks the bundle and hands over to the installer proper.
# Needs a POSIX shell, coreutils, and some Python 2.6 to 3.13 of this host.

fail() {
    printf '%s\n' "nova-cascading installer: $1" "  Next: $2" >&2
    exit 1
}

# Nothing of a bundle runs before its checksums are right; the copy in the journal has its hashes in plan.json.
check_bundle() {
    [ -f "$1/plan.json" ] && return
    [ -f "$1/SHA256SUMS" ] || fail "$1 is no unpacked bundle: SHA256SUMS is missing" "unpack the bundle again"
    bad=$(cd "$1" && sha256sum -c SHA256SUMS 2>&1) && return
    fail "this bundle is not what was built: $(printf '%s\n' "$bad" | grep -v ': OK$' | head -n 5)" \
        "get the bundle again, and compare its own sha256 with the published one"
}

# Any Python starts the installer; it goes on in the one that runs nova.
find_python() {
    for name in python3 python python2 python2.7 python2.6 /usr/libexec/platform-python; do
        command -v "$name" && return
    done
    for name in nova-manage nova-conductor nova-compute; do
        script=$(command -v "$name") && sed -n '1s/^#! *//p' "$script" && return
    done
    fail "no Python was found on this host" "put the one that runs nova on PATH: PATH=/path/to/bin:\$PATH sh $0"
}

hand_over() {
    here=$(cd "$(dirname "$0")" && pwd)
    check_bundle "${here%/*}"
    python=$(find_python)
    exec "$python" -B "$here/installer" "$@"
}
