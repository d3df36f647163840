# shellcheck shell=sh
# Sourced by install.sh and uninstall.sh: checks the bundle and hands over to the installer proper.
# Needs a POSIX shell, coreutils, grep, sed, and some Python 2.6 to 3.14 of this host.

# Nothing is run from anywhere but the system's own directories; our caller's are only looked through for nova.
NOVA_CASCADING_PATH=${NOVA_CASCADING_PATH:-$PATH}
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export NOVA_CASCADING_PATH PATH
unset CDPATH ENV BASH_ENV QUOTING_STYLE TIME_STYLE

fail() {
    printf '%s\n' "nova-cascading installer: $1" "  Next: $2" >&2 || :
    exit 1
}

# Nothing of a bundle runs before it is known to be what was built. The copy in a journal has no checksums; the files that
# the journal keeps are their owners'.
check_bundle() {
    me=$(id -u)
    if [ -f "$1/plan.json" ] && [ ! -f "$1/SHA256SUMS" ]; then
        refuse_open "$1" ./installation
        return
    fi
    refuse_open "$1" .
    [ -f "$1/SHA256SUMS" ] || fail "$1 is no unpacked bundle: SHA256SUMS is missing" "unpack the bundle again"
    bad=$(cd -- "$1" && LC_ALL=C sha256sum -c SHA256SUMS 2>&1) ||
        fail "this bundle is not what was built: $(printf '%s\n' "$bad" | grep -v ': OK$' | head -n 5)" \
            "get the bundle again, and compare its own sha256 with the published one"
    # Python takes a folder, a library or byte code of a module's name for the module.
    modules=installation/installer
    listed=/$(sed -n "s,^[0-9a-f]*  $modules/,,p" "$1/SHA256SUMS" | tr '\n' /)
    for file in "$1/$modules"/*; do
        case $listed in *"/${file##*/}/"*) continue ;; esac
        fail "this bundle is not what was built: its checksums do not know $file" "unpack the bundle again, in a new directory"
    done
}

# Nobody else may change what runs here meanwhile: the bundle with all in it, and the directories above it.
# Input: BUNDLE, and what is looked at in it.
refuse_open() {
    open=$(cd -- "$1" && { LC_ALL=C ls -ldn . && LC_ALL=C ls -AlnR "$2"; } | writable_in "$1/")
    above=$1
    while [ -z "$open" ] && [ "$above" != / ]; do
        above=$(dirname -- "$above")
        # shellcheck disable=SC2012  # find is no part of coreutils, and not in every container
        open=$(LC_ALL=C ls -ldn -- "$above" | writable_in)
    done
    [ -z "$open" ] || fail "$1/installation would be run as $(id -un), but $open" \
        "unpack the bundle anew as root, in a directory of root's: not '$1'"
}

# Of what `ls -n` lists: the first that others than root, we and who typed sudo can write, and who.
# Input: where the names are; nothing, when each is a whole path of a directory above the bundle.
writable_in() {
    place=${1:-} folder='' asked=''
    while read -r mode _ uid gid _ _ _ _ name; do
        who=
        believed "$uid" || who="the user $uid"
        # In a sticky directory each entry is its owner's; others could add to it.
        case $place$mode in d????????[tT]*) mode=d--------- ;; esac
        case $mode in
        '' | total) continue ;;
        .*) folder=${mode%:}/ && folder=${folder#./} && continue ;;
        [!d-]*) who='whoever can write what it leads to' ;;
        ????????w*) who=everybody ;;
        ?????w????+*) who='somebody in its access list' ;;
        ?????w*)
            [ "$gid" = "$asked" ] || { asked=$gid && member=$(in_group "$gid"); }
            who=${who:-$member}
            ;;
        esac
        [ -z "$who" ] || { echo "$who can write $place$folder$name" && break; }
    done
}

believed() {
    case $1 in 0 | "$me" | "${SUDO_UID:-0}") return 0 ;; *) return 1 ;; esac
}

# One of a group whom root has no reason to believe; root's own counts as root, and many others have nobody in them.
in_group() {
    [ "$1" != 0 ] || return 0
    command -v getent > /dev/null || { echo "the group $1" && return; }
    named=$(getent group "$1") && named=${named%%:*} || named=
    # A directory service need not list all whose own group it is; one that is its user's own has his name.
    if [ -n "$named" ] && ! grep -q "^[^:]*:[^:]*:$1:" /etc/group; then
        { [ "$(id -g -- "$named" 2> /dev/null)" = "$1" ] && believed "$(id -u -- "$named")"; } ||
            { echo "the group $named" && return; }
    fi
    { getent group "$1" | cut -d: -f4 | tr , '\n' && getent passwd | cut -d: -f1,4 | sed -n "s/:$1\$//p"; } |
        while read -r name; do
            uid=$(id -u -- "$name" 2> /dev/null) && { believed "$uid" || echo "$name"; }
        done | head -n 1
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
    here=$(cd -- "$(dirname -- "$0")" && pwd -P)
    bundle=${here%/*}
    check_bundle "${bundle:-/}"
    find_python "$@"
    # Isolated: no PYTHON* of the caller's, no packages of his own, nothing from the current directory.
    if "$python" -I -c '' 2> /dev/null; then
        exec "$python" -I -B "$here/installer/__main__.py" "$@"
    fi
    exec "$python" -E -s -B "$here/installer/__main__.py" "$@"
}
