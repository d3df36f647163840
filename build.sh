#!/bin/sh
# The one entry: hands over to builder/ with the distribution's own Python and tools.
set -eu
# A python3 of the user's own would not see the distribution's modules and would end up in shebangs.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
PYTHONDONTWRITEBYTECODE=1
export PATH PYTHONDONTWRITEBYTECODE
unset CDPATH ENV BASH_ENV PYTHONPATH PYTHONHOME QUOTING_STYLE TIME_STYLE
# Where this file is, not a link to it.
here=$(cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd -P)
if [ ! -f "$here/builder/__main__.py" ] || [ ! -f "$here/build.sh" ]; then
    echo "build.sh: $here is no clone of nova-cascading: builder/ is missing. Next: run the build.sh of a clone" >&2
    exit 1
fi

# Root runs nothing that others can write, or put in the place of it. Believed are root, the owner of this file, and who
# typed sudo.
refuse_open() {
    believe
    open=$(cd -- "$here" && project ! -type l \( ! -user 0 ! -user "$owner" ! -user "$sudoer" -o -perm -002 -o \
        -perm -020 ! -group 0 ! -group "$group" ! -group "$sudoers" \) -print | head -n 1)
    # Where there is an access list, the group's rights are the most that anybody in it has.
    [ -n "$open" ] || open=$(cd -- "$here" && project ! -type l -perm -020 -exec ls -ld {} + | listed | head -n 1)
    if [ -n "$open" ]; then
        # `sudo git pull` gives build.sh in a user's clone to root: the clone stays the user's.
        [ "$owner" != 0 ] || [ "$(stat -c %u "$here")" != "$sudoer" ] || owner=$sudoer
        echo "build.sh: others than root, the owner of build.sh and who typed sudo can write $here/${open#./}," \
            "so root does not run it. Next: see what they wrote (git status)," \
            "then: chown -R $owner $(quoted "$here") && chmod -R go-w $(quoted "$here")" >&2
        exit 1
    fi
    above=$here
    while [ "$above" != / ]; do
        above=$(dirname -- "$above")
        refuse_replaceable "$above"
    done
}

believe() {
    case ${SUDO_UID:-0} in *[!0-9]*) sudoer=0 ;; *) sudoer=${SUDO_UID:-0} ;; esac
    owner=$(stat -c %u "$here/build.sh")
    # A group of the owner's own, as useradd makes one for each user, has nobody else in it until somebody is put there.
    group=$(stat -c %g "$here/build.sh")
    [ -z "$(in_group "$group")" ] || group=0
    sudoers=$(getent passwd "$sudoer" | cut -d: -f4)
    [ -n "$sudoers" ] && [ -z "$(in_group "$sudoers")" ] || sudoers=0
}

project() {
    find . \( -path ./dist -o -path ./.git/objects \) -prune -o "$@"
}

# The paths, of what `ls -ld` shows, that have an access list.
listed() {
    sed -n 's/^.\{10\}+ .* \([./]\)/\1/p'
}

refuse_replaceable() {
    uid=$(stat -c %u "$1")
    case $uid in
    0 | "$owner" | "$sudoer") ;;
    *)
        echo "build.sh: $(stat -c %U "$1") owns $1, and so can replace $here, so root does not run it." \
            "Next: move it to a directory of root's, or, when you believe that user: chown -R $uid $(quoted "$here")" >&2
        exit 1
        ;;
    esac
    who=
    if [ -n "$(find "$1" -maxdepth 0 -perm -002 ! -perm -1000)" ]; then
        who=everybody
    elif [ -n "$(find "$1" -maxdepth 0 -perm -020 ! -perm -1000)" ]; then
        who=$(in_group "$(stat -c %g "$1")")
        [ -z "$(find "$1" -maxdepth 0 -exec ls -ld {} + | listed)" ] || who='somebody in its access list'
    fi
    if [ -n "$who" ]; then
        echo "build.sh: $who can write $1, and so replace $here, so root does not run it." \
            "Next: move it to a directory of root's, or: chmod go-w $(quoted "$1")" >&2
        exit 1
    fi
}

# One of a group whom root has no reason to believe; root's own counts as root (EL has sync and halt in it), and many
# groups of a distribution have nobody in them.
in_group() {
    [ "$1" != 0 ] || return 0
    name=$(getent group "$1" | cut -d: -f1)
    own=$(id -g "$name" 2>/dev/null || :)
    # A directory service does not list the users whose own group it is (sssd: enumerate = false).
    if [ -n "$name" ] && [ "$own" != "$1" ] && ! cut -d: -f3 /etc/group | grep -qx "$1"; then
        echo "the group $name, of which this host cannot list all,"
        return
    fi
    {
        [ "$own" != "$1" ] || echo "$name"
        getent group "$1" | cut -d: -f4 | tr , '\n'
        getent passwd | awk -F: -v group="$1" '$4 == group { print $1 }'
    } | while read -r name; do
        case $(id -u "$name" 2>/dev/null) in '' | 0 | "$owner" | "$sudoer") ;; *) echo "$name" ;; esac
    done | head -n 1
}

quoted() {
    printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"
}

if [ "$(id -u)" -eq 0 ]; then
    refuse_open
fi

find_python() {
    for python in python3 python3.14 python3.13 python3.12 python3.11 python3.10 python3.9; do
        if "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then return 0; fi
    done
    return 1
}

# EL and Fedora have apt as a program, too: mmdebstrap and debootstrap bring it.
is_debian() {
    command -v apt-get >/dev/null && dpkg-query -W dpkg >/dev/null 2>&1
}

install_python() {
    if is_debian; then
        # The lock of the package lists is not covered by DPkg::Lock::Timeout.
        tries=60
        until apt-get -qq update || [ "$((tries -= 1))" -eq 0 ]; do
            echo "build.sh: apt-get update failed; trying again in 2 s" >&2
            sleep 2
        done
        DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
            -o DPkg::Lock::Timeout=120 python3 >/dev/null
    else
        dnf -q -y install python3 >/dev/null
    fi
}

if ! find_python; then
    manager=apt-get
    is_debian || manager=dnf
    if [ "$(id -u)" -ne 0 ] || ! command -v "$manager" >/dev/null || command -v python3 >/dev/null; then
        echo "build.sh: Python 3.9 or newer is missing: there is $(python3 -I --version 2>/dev/null || echo none)" >&2
        echo "  Next: $manager install python3 (as root; EL8 calls it python3.11, older releases have none)" >&2
        exit 1
    fi
    echo "build.sh: installing python3" >&2
    install_python
    find_python
fi
# -I: neither the current directory nor the user's own modules. -X utf8: file names and texts are UTF-8 in any locale.
exec "$python" -I -B -X utf8 "$here/builder/__main__.py" "$@"
