#!/bin/sh
# Layer "rpm-icehouse": nova 2014.1 from rpms under Python 2.7, managed by dnf, its database at 234.
set -eu
install -d /etc/rpm /etc/yum.repos.d
echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros
site=/usr/lib/python2.7/site-packages
echo "$site" >/usr/lib/python2.7/dist-packages/rpm-site.pth
[ -e /usr/bin/yum ] || ln -s dnf-3 /usr/bin/yum
python3 /usr/local/lib/rpm-system-base.py 7

VERSION=$(sed -n 's/^Version: //p' /srv/nova/nova-*-info/PKG-INFO)
TYPE=simple SITE=$site LIBRARY=python-nova PYTHON=/usr/bin/python2.7 EPOCH='' VERSION=$VERSION sh /usr/local/lib/rpm-stock.sh
id nova >/dev/null 2>&1 || useradd --system --home-dir /var/lib/nova nova
install -d -o nova -g nova /etc/nova /var/lib/nova /var/log/nova
cp /srv/nova/etc/nova/api-paste.ini /srv/nova/etc/nova/policy.json /etc/nova
cat >/etc/nova/nova.conf <<END
[DEFAULT]
host = testhost
my_ip = 127.0.0.1
rabbit_host = 127.0.0.1
auth_strategy = noauth
enabled_apis = osapi_compute
osapi_compute_listen = 127.0.0.1
osapi_compute_workers = 1
log_dir = /var/log/nova
state_path = /var/lib/nova
[conductor]
workers = 1
[database]
connection = mysql+pymysql://nova:nova@127.0.0.1/nova
END
dnf -q -y install openstack-nova-api openstack-nova-conductor openstack-nova-scheduler
# Each test starts what it needs.
systemctl --root=/ disable openstack-nova-api openstack-nova-conductor openstack-nova-scheduler

install -d -o mysql -g mysql /run/mysqld
mariadbd --user=mysql &
mysqladmin --silent --wait=60 --connect-timeout=2 ping
mysql -e "CREATE DATABASE nova CHARACTER SET utf8; GRANT ALL ON nova.* TO nova@localhost IDENTIFIED BY 'nova'"
su nova -s /bin/sh -c 'nova-manage db sync'
mysqladmin shutdown
wait
