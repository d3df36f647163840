#!/bin/sh
# Layer "ansible-newest": a control node with the newest ansible-core of PyPI.
set -eu
apt-get -qq install -y --no-install-recommends openssh-client python3-venv
python3 -m venv /opt/ansible
/opt/ansible/bin/pip -q install ansible-core
ln -s /opt/ansible/bin/ansible* /usr/local/bin/
