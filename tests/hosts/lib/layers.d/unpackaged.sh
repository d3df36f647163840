#!/bin/sh
# Layer "pip-host": what a devstack-like host has below nova: MariaDB, RabbitMQ, systemd, a compiler, virtualenvs.
set -eu
apt-get -qq install -y --no-install-recommends systemd systemd-sysv dbus mariadb-server rabbitmq-server patch \
    python3-venv python3-dev gcc libc6-dev
printf '[mysqld]\ninnodb_log_file_size=10M\ninnodb_buffer_pool_size=64M\n' > /etc/mysql/mariadb.conf.d/90-test.cnf
