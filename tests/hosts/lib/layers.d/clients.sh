#!/bin/sh
# Layer "clients": what reads and mirrors a package repository: apt, dnf, debmirror, apt-mirror, reposync, rsync.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -qq install -y --no-install-recommends curl gnupg gpgv rsync debmirror apt-mirror rpm dnf dnf-plugins-core
install -d /etc/rpm /etc/yum.repos.d
echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros
rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
