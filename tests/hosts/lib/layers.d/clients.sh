#!/bin/sh
# Layer "clients": what reads and mirrors a package repository: apt, dnf, debmirror, apt-mirror, reposync, rsync.
set -eu
apt-get -qq install -y --no-install-recommends curl gnupg gpgv rsync debmirror apt-mirror rpm dnf dnf-plugins-core
install -d /etc/rpm /etc/yum.repos.d
echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros
rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
sed -i 's/^enabled *=.*/enabled=0/' /etc/dnf/plugins/local.conf
# Debian's userspace is not in the rpm database: say what a package of ours may ask for.
cat >/root/base.spec <<'SPEC'
Name: system-base
Version: 1
Release: 1
Summary: what this host has without rpm
License: Apache-2.0
BuildArch: noarch
Provides: /bin/sh
%description
What this host has without rpm.
%files
SPEC
rpmbuild --quiet -bb --define '_topdir /root/base' /root/base.spec
rpm -i /root/base/RPMS/noarch/system-base-1-1.noarch.rpm
