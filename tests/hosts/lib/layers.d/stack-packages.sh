#!/bin/sh
# Layer "stack-packages": stock nova-api, -conductor and -scheduler as installed.
set -eu
apt-get -qq install -y --no-install-recommends crudini nova-api nova-conductor nova-scheduler python3-pymysql
