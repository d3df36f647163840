#!/bin/sh
# The one entry: hands over to builder/ with the distribution's own Python and tools.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# A python3 of the user's own would not see the distribution's modules and would end up in shebangs.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
PYTHONPATH=$here
PYTHONDONTWRITEBYTECODE=1
export PATH PYTHONPATH PYTHONDONTWRITEBYTECODE
if ! command -v python3 >/dev/null; then
    if [ "$(id -u)" -ne 0 ]; then
        echo "build.sh: python3 is missing. As root, run: apt-get install python3" >&2
        exit 1
    fi
    echo "build.sh: installing python3" >&2
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends python3 >/dev/null
fi
exec python3 -m builder "$@"
