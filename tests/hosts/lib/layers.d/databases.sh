#!/bin/sh
# Layer "databases": MariaDB and PostgreSQL with the drivers that nova uses them through.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -qq install -y --no-install-recommends mariadb-server postgresql \
    python3-sqlalchemy python3-alembic python3-pymysql python3-mysqldb python3-psycopg2 python3-migrate python3-oslo.config
printf '[mysqld]\ninnodb_log_file_size=10M\ninnodb_buffer_pool_size=64M\n' > /etc/mysql/mariadb.conf.d/90-test.cnf
