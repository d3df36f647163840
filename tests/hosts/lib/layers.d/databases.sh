#!/bin/sh
# Layer "databases": PostgreSQL too, and the drivers that nova uses both servers through.
set -eu
# Debian has dropped it after bookworm, with the last nova that needs it.
set --
[ -z "$(apt-cache search --names-only '^python3-migrate$')" ] || set -- python3-migrate
apt-get -qq install -y --no-install-recommends postgresql python3-sqlalchemy \
    python3-alembic python3-pymysql python3-mysqldb python3-psycopg2 python3-oslo.config "$@"

# Tests start Python some hundred times, and write no byte code.
python3 -m compileall -q /usr/lib/python3/dist-packages
