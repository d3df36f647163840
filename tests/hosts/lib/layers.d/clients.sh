#!/bin/sh
# Layer "clients": what reads a package repository, mirrors one or publishes one: apt, dnf, and what Debian has beside.
set -eu
tools='curl wget gnupg gpgv rpm dnf apt-utils createrepo-c'
case $SUITE in
    bookworm) tools="$tools rsync lftp dnf-plugins-core debmirror apt-mirror aptly reprepro approx apt-cacher-ng" ;;
    trixie) tools="$tools python3-pytest" ;;
    sid) tools="$tools dnf5 python3-pytest" ;;
esac
# shellcheck disable=SC2086  # words
apt-get -qq install -y --no-install-recommends $tools
install -d /etc/rpm /etc/yum.repos.d
echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros
rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
[ ! -e /etc/dnf/plugins/local.conf ] || sed -i 's/^enabled *=.*/enabled=0/' /etc/dnf/plugins/local.conf
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
