#!/bin/sh
# Layer "sqlalchemies27": one environment for each SQLAlchemy that a nova for Python 2 used, from Icehouse's oldest on.
set -eu
export CFLAGS=-O0 # what is compiled here runs for a moment
first=/opt/sa-0.7
python3 -m virtualenv -q --download --pip 20.3.4 --setuptools 44.1.1 --wheel 0.37.1 -p python2.7 "$first"
"$first/bin/pip" -q install pbr==0.11.1 'rfc3986<2' Tempita==0.5.2
"$first/bin/pip" -q install sqlalchemy==0.7.8 pymysql==0.7.11 psycopg2-binary==2.8.6 oslo.config==1.4.0 \
    sqlalchemy-migrate==0.9.1
# Copies differ in that alone; making each of them anew takes ten seconds more.
for version in 0.8.7 0.9.10 1.0.19; do
    home=/opt/sa-${version%.*}
    cp -a "$first" "$home"
    "$home/bin/python" -m pip -q install "sqlalchemy==$version"
done
