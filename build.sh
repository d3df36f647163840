#!/bin/sh
# The one entry: hands over to builder/ with the distribution's own Python and tools.
set -eu
# A python3 of the user's own would not see the distribution's modules and would end up in shebangs.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
PYTHONDONTWRITEBYTECODE=1
export PATH PYTHONDONTWRITEBYTECODE
unset CDPATH ENV BASH_ENV PYTHONPATH PYTHONHOME
here=$(cd -- "$(dirname -- "$0")" && pwd -P)

# Root runs nothing that others than root and the owner of this file can write, or put in the place of it.
refuse_open() {
    owner=$(stat -c %u "$here/build.sh")
    # A group of the owner's own, as useradd makes one for each user, has nobody else in it.
    if [ "$(stat -c %U "$here/build.sh")" = "$(stat -c %G "$here/build.sh")" ]; then
        group=$(stat -c %g "$here/build.sh")
    else
        group=0
    fi
    open=$(cd -- "$here" && find . -name dist -prune -o ! -type l \( ! -user 0 ! -user "$owner" -o -perm -002 -o \
        -perm -020 ! -group 0 ! -group "$group" \) -print | head -n 1)
    if [ -n "$open" ]; then
        echo "build.sh: others than root and the owner of build.sh can write $here/${open#./}, so root does not run it." \
            "Next: see what they wrote (git status), then: chown -R $owner '$here' && chmod -R go-w '$here'" >&2
        exit 1
    fi
    above=$here
    while [ "$above" != / ]; do
        above=$(dirname -- "$above")
        if [ -n "$(find "$above" -maxdepth 0 -perm -002 ! -perm -1000)" ]; then
            echo "build.sh: everybody can write $above, and so replace $here, so root does not run it." \
                "Next: move it to a directory of root's, or: chmod o-w '$above'" >&2
            exit 1
        fi
    done
}

if [ "$(id -u)" -eq 0 ]; then
    refuse_open
fi
if ! command -v python3 >/dev/null; then
    if [ "$(id -u)" -ne 0 ]; then
        echo "build.sh: python3 is missing. As root, run: apt-get install python3" >&2
        exit 1
    fi
    echo "build.sh: installing python3" >&2
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends python3 >/dev/null
fi
# -I: nothing of the current directory, of the user's modules or of PYTHON* variables.
exec python3 -I -B "$here/builder/__main__.py" "$@"
