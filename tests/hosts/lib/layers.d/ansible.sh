#!/bin/sh
# Layer "ansible": a control node with the distribution's ansible-core, on Debian 12 the oldest that the collection takes.
set -eu
apt-get -qq install -y --no-install-recommends ansible-core openssh-client
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
