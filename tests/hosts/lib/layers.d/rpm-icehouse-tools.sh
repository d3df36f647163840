#!/bin/sh
# Layer "rpm-icehouse-tools": what manages rpms, beside the modules that nova of 2014 needs.
set -eu
apt-get -qq install -y --no-install-recommends sudo rpm dnf createrepo-c gnupg
