#!/bin/sh
# Layer "icehouse": the Python 2.7 modules that nova of 2014 needs; no nova yet.
set -eu
apt-get -qq install -y --no-install-recommends python2 /srv/stock/nova-cascading-icehouse-runtime_*.deb
rm -r /srv/stock
