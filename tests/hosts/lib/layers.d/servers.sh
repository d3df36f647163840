#!/bin/sh
# Layer "servers": what every controller has below nova: systemd, MariaDB and RabbitMQ.
set -eu
apt-get -qq install -y --no-install-recommends systemd systemd-sysv dbus curl adduser patch mariadb-server rabbitmq-server

# Small logs and buffers: each host copies what it writes to.
printf '[mysqld]\ninnodb_log_file_size=10M\ninnodb_buffer_pool_size=64M\n' >/etc/mysql/mariadb.conf.d/90-test.cnf
