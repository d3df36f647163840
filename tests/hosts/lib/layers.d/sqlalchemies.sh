#!/bin/sh
# Layer "sqlalchemies": one environment for each SQLAlchemy that a nova for Python 3 used, with what such a nova brings.
set -eu
apt-get -qq install -y --no-install-recommends python3-venv sqlite3
install_set() {
    python3 -m venv "/opt/sa-$1"
    "/opt/sa-$1/bin/pip" -q install wheel
    "/opt/sa-$1/bin/pip" -q install "sqlalchemy==$2" pymysql psycopg2-binary oslo.config ${3:+"$3"}
}
install_set 1.3 1.3.24 sqlalchemy-migrate
install_set 2.0 2.0.36
