#!/bin/sh
# Layer "servers": what every controller has below nova: systemd, MariaDB and RabbitMQ.
set -eu
apt-get -qq install -y --no-install-recommends systemd systemd-sysv dbus curl adduser patch mariadb-server rabbitmq-server

# Small logs and buffers: each host copies what it writes to. Nothing of a host has to survive a power cut.
cat >/etc/mysql/mariadb.conf.d/90-test.cnf <<'END'
[mysqld]
innodb_log_file_size=10M
innodb_buffer_pool_size=64M
innodb_flush_log_at_trx_commit=0
END
