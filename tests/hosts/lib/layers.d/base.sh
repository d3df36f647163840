#!/bin/sh
# Layer "base": the smallest Debian that has Python 3, with a name that resolves and no daemon started unasked.
set -eu
echo testhost > /etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 testhost\n::1 localhost ip6-localhost\n' > /etc/hosts
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
echo 'Dpkg::Use-Pty "0";' > /etc/apt/apt.conf.d/90test
apt-get -qq install -y --no-install-recommends iproute2 locales procps python3
