#!/bin/sh
# Layer "fleet": the stack, nova-compute, and what Ansible reaches and changes a host with.
set -eu
apt-get -qq install -y --no-install-recommends openssh-server python3-apt
cd "$(mktemp -d)"
# A hypervisor and its tools (1 GB) are not what these hosts are for: nova's fake driver needs none of them.
apt-get -qq download nova-compute
dpkg-deb -R nova-compute_*.deb unpacked
version=$(dpkg-query -W -f '${Version}' nova-common)
sed -i "s/^Depends: .*/Depends: nova-common (= $version)/; /^Recommends:/d; /^Suggests:/d" unpacked/DEBIAN/control
dpkg-deb -Znone -b unpacked nova-compute.deb
groupadd -f -r kvm
apt-get -qq install -y --no-install-recommends ./nova-compute.deb
systemctl disable nova-compute
# As in the layer below.
echo 'import nova.cmd.compute, nova.compute.manager, nova.virt.fake, os_vif.plugin, pyroute2' | python3 - || :
