#!/bin/sh
# Layer "databases": PostgreSQL too, and the drivers that nova uses both servers through.
set -eu
apt-get -qq install -y --no-install-recommends postgresql python3-sqlalchemy \
    python3-alembic python3-pymysql python3-mysqldb python3-psycopg2 python3-migrate python3-oslo.config
