#!/bin/sh
# Layer "stack-packages": stock nova-api, -conductor and -scheduler, MariaDB and RabbitMQ as installed.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -qq install -y --no-install-recommends systemd systemd-sysv dbus curl crudini \
    mariadb-server rabbitmq-server nova-api nova-conductor nova-scheduler python3-pymysql

# Small logs and buffers: each host copies what it writes to.
printf '[mysqld]\ninnodb_log_file_size=10M\ninnodb_buffer_pool_size=64M\n' > /etc/mysql/mariadb.conf.d/90-test.cnf
