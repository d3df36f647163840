#!/bin/sh
# Layer "ansible-newest": a control node with the newest ansible-core of PyPI, named here alone, so that no run changes by itself.
set -eu
apt-get -qq install -y --no-install-recommends openssh-client python3-venv
python3 -m venv /opt/ansible
/opt/ansible/bin/pip -q install ansible-core==2.21.5
ln -s /opt/ansible/bin/ansible* /usr/local/bin/
