#!/bin/sh
# Layer "autopkgtest": a controller that can test an installed package with autopkgtest's null backend.
set -eu
apt-get -qq install -y --no-install-recommends autopkgtest dpkg-dev
