#!/bin/sh
# Layer "py27": Python 2.7 with a virtualenv that makes Python 2.7 environments, MariaDB and RabbitMQ.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -qq install -y --no-install-recommends python2.7 python2.7-dev python3-virtualenv python3-pip gcc libc6-dev \
    libffi-dev libssl-dev libxml2-dev libxslt1-dev zlib1g-dev git mariadb-server rabbitmq-server
printf '[mysqld]\ninnodb_log_file_size=10M\ninnodb_buffer_pool_size=64M\n' > /etc/mysql/mariadb.conf.d/90-test.cnf
