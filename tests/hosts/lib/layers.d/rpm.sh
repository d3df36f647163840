#!/bin/sh
# Layer "rpm": the stack again, but nova comes from rpms and dnf manages them; the rest is Debian's userspace.
set -eu
apt-get -qq install -y --no-install-recommends rpm dnf createrepo-c gnupg xz-utils patch
apt-get -qq remove -y nova-common python3-nova
install -d /etc/rpm /etc/yum.repos.d
echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros
site=/usr/lib/python3.11/site-packages
echo "$site" >/usr/lib/python3/dist-packages/rpm-site.pth
[ -e /usr/bin/yum ] || ln -s dnf-3 /usr/bin/yum
python3 /usr/local/lib/rpm-system-base.py 9

VERSION=$(sed -n 's/^Version: //p' /srv/nova/nova-*-info/PKG-INFO /srv/nova/nova-*-info/METADATA 2>/dev/null | head -n 1)
TYPE=notify SITE=$site LIBRARY=python3-nova PYTHON=/usr/bin/python3.11 EPOCH=1: VERSION=$VERSION sh /usr/local/lib/rpm-stock.sh
dnf -q -y install openstack-nova-api openstack-nova-conductor openstack-nova-scheduler
# Each test starts what it needs.
systemctl --root=/ disable openstack-nova-api openstack-nova-conductor openstack-nova-scheduler
