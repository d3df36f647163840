#!/bin/sh
# Layer "icehouse": MariaDB, RabbitMQ, systemd, and the Python 2.7 modules that nova of 2014 needs; no nova yet.
set -eu
apt-get -qq install -y --no-install-recommends systemd systemd-sysv dbus curl adduser python2 \
    mariadb-server rabbitmq-server /srv/stock/nova-cascading-icehouse-runtime_*.deb
rm -r /srv/stock
printf '[mysqld]\ninnodb_log_file_size=10M\ninnodb_buffer_pool_size=64M\n' > /etc/mysql/mariadb.conf.d/90-test.cnf
