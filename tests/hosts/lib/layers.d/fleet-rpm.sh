#!/bin/sh
# Layer "fleet-rpm": the rpm stack, and what Ansible reaches it with.
set -eu
apt-get -qq install -y --no-install-recommends openssh-server
