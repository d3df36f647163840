#!/bin/sh
# Layer "sysvinit": the stack with sysvinit for systemd; no gettys, as a test host has no terminals.
set -eu
apt-get -qq install -y --no-install-recommends sysvinit-core sysv-rc insserv startpar
sed -i '/getty/d' /etc/inittab
update-rc.d nova-scheduler disable
update-rc.d nova-api-metadata disable
