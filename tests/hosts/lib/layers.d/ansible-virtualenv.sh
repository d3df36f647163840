#!/bin/sh
# Layer "ansible-virtualenv": a host with nova in a virtualenv, and Ansible, which reaches it without ssh.
set -eu
apt-get -qq install -y --no-install-recommends ansible-core
