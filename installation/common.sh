# shellcheck shell=sh
# Sourced by install.sh and uninstall.sh: checks the bundle and hands over to the installer proper.
# Needs a POSIX shell, coreutils, and some Python 2.6 to 3.13 of this host.

# Nothing is run from anywhere but the system's own directories; our caller's are only looked through for nova.
NOVA_CASCADING_PATH=${NOVA_CASCADING_PATH:-$PATH}
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export NOVA_CASCADING_PATH PATH
unset CDPATH ENV BASH_ENV

fail() {
    printf '%s\n' "nova-cascading installer: $1" "  Next: $2" >&2 || :
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

# Any Python of the system starts the installer, else the one that the administrator names; it goes on in nova's own.
find_python() {
    for python in /usr/bin/python3 /usr/libexec/platform-python /usr/bin/python2 /usr/bin/python2.7 /usr/bin/python2.6 \
        /usr/bin/python /usr/local/bin/python3 /usr/local/bin/python2 /usr/local/bin/python; do
        [ -x "$python" ] && return
    done
    for python; do
        case $python in --python=*) python=${python#--python=} && return ;; esac
        [ "${last:-}" != --python ] || return 0
        last=$python
    done
    fail "no Python was found in /usr/bin or /usr/local/bin" "name the one that runs nova: sh $0 --python /path/to/python"
}

hand_over() {
    here=$(cd -- "$(dirname -- "$0")" && pwd)
    check_bundle "${here%/*}"
    find_python "$@"
    # Isolated: no PYTHON* of the caller's, no packages of his own, nothing from the current directory.
    if "$python" -I -c '' 2> /dev/null; then
        exec "$python" -I -B "$here/installer" "$@"
    fi
    exec "$python" -E -s -B "$here/installer" "$@"
}
