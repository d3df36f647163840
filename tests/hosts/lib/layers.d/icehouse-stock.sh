#!/bin/sh
# Layer "icehouse-<release>": stock nova-api, -conductor, -scheduler and -compute (fake driver), database synchronised.
set -eu
apt-get -qq install -y --no-install-recommends /srv/stock/*.deb
cat >> /etc/nova/nova.conf <<'END'
workers = 1

[DEFAULT]
host = testhost
my_ip = 127.0.0.1
rabbit_host = 127.0.0.1
auth_strategy = noauth
enabled_apis = osapi_compute
osapi_compute_listen = 127.0.0.1
osapi_compute_workers = 1
compute_driver = nova.virt.fake.FakeDriver
report_interval = 2
service_down_time = 10

[database]
connection = mysql+pymysql://nova:nova@127.0.0.1/nova
END
install -d -o mysql -g mysql /run/mysqld
mariadbd --user=mysql &
mysqladmin --silent --wait=60 --connect-timeout=2 ping
mysql -e "CREATE DATABASE nova CHARACTER SET utf8; GRANT ALL ON nova.* TO nova@localhost IDENTIFIED BY 'nova'"
su nova -c 'nova-manage db sync'
mysqladmin shutdown
wait
