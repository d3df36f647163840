#!/bin/sh
# Layer "mysql": Oracle's server, which Debian has in sid alone, with what a nova reaches it through.
set -eu
apt-get -qq install -y --no-install-recommends mysql-server python3-sqlalchemy python3-pymysql python3-cryptography \
    python3-oslo.config haproxy

# Tests start Python some hundred times, and write no byte code.
python3 -m compileall -q /usr/lib/python3/dist-packages
