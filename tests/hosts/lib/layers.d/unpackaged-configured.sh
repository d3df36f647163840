#!/bin/sh
# Layers of unpackaged novas: configured for loopback, databases synchronised with stock code; VENV is set.
set -eu
useradd --system --home-dir /var/lib/nova --create-home nova
install -d -o nova -g nova /etc/nova /var/log/nova
cat > /etc/nova/nova.conf <<'END'
[DEFAULT]
host = testhost
my_ip = 127.0.0.1
rabbit_host = 127.0.0.1
transport_url = rabbit://guest:guest@127.0.0.1:5672/
state_path = /var/lib/nova
log_dir = /var/log/nova
[conductor]
use_local = false
workers = 1
[database]
connection = mysql+pymysql://nova:nova@127.0.0.1/nova
[api_database]
connection = mysql+pymysql://nova:nova@127.0.0.1/nova_api
[placement]
auth_type = none
endpoint_override = http://127.0.0.1:8778
END
install -d -o mysql -g mysql /run/mysqld
mariadbd --user=mysql &
mysqladmin --silent --wait=60 --connect-timeout=2 ping
for name in nova nova_api nova_cell0; do
    mysql -e "CREATE DATABASE $name CHARACTER SET utf8; GRANT ALL ON $name.* TO nova@localhost IDENTIFIED BY 'nova'"
done
nova_manage() { su nova -s /bin/sh -c "PYTHONDONTWRITEBYTECODE=1 '$VENV/bin/nova-manage' $*"; }
if ! nova_manage db sync --help 2>/dev/null | grep -q local_cell; then
    nova_manage db sync
else
    nova_manage api_db sync
    nova_manage db sync --local_cell
fi
mysqladmin shutdown
wait
