#!/bin/sh
# Layer "stack": the packages below, configured for loopback, with synchronised databases.
set -eu
install -d -o mysql -g mysql /run/mysqld
mariadbd --user=mysql &
mysqladmin --silent --wait=60 --connect-timeout=2 ping
for name in nova nova_api nova_cell0; do
    mysql -e "CREATE DATABASE IF NOT EXISTS $name CHARACTER SET utf8; GRANT ALL ON $name.* TO nova@localhost IDENTIFIED BY 'nova'"
done

set_option() { crudini --set /etc/nova/nova.conf "$@"; }
set_option database connection mysql+pymysql://nova:nova@127.0.0.1/nova
set_option api_database connection mysql+pymysql://nova:nova@127.0.0.1/nova_api
set_option DEFAULT transport_url rabbit://guest:guest@127.0.0.1:5672/
set_option DEFAULT my_ip 127.0.0.1
set_option api auth_strategy noauth2
set_option placement auth_type none
set_option placement endpoint_override http://127.0.0.1:8778
set_option conductor workers 1
set_option scheduler workers 1
set_option DEFAULT osapi_compute_workers 1
set_option DEFAULT metadata_workers 1

# One worker each; the metadata service is installed but not in use.
sed -i 's/^processes = .*/processes = 1/' /etc/nova/nova-api*uwsgi.ini
systemctl disable nova-api-metadata

# nova-scheduler starts only where a placement service tells its versions.
install -d /usr/share/placement-versions
printf '%s\n' '{"versions": [{"id": "v1.0", "status": "CURRENT", "min_version": "1.0", "max_version": "1.39", "links": [{"rel": "self", "href": ""}]}]}' \
    > /usr/share/placement-versions/index.html
cat > /etc/systemd/system/placement-versions.service <<'UNIT'
[Service]
ExecStart=/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory /usr/share/placement-versions 8778
[Install]
WantedBy=multi-user.target
UNIT
systemctl enable placement-versions

# Root leaves the bytecode of all that the services import, at their start and later; as the user nova they could not.
for name in cmd.manage cmd.conductor cmd.scheduler api.openstack.compute.routes api.openstack.wsgi_app; do
    echo "import nova.$name"
done | python3 - || :
for name in amqp cachetools dogpile eventlet futurist keystoneauth1 kombu nova/api nova/conductor nova/manager.py \
    nova/scheduler nova/servicegroup nova/weights.py oslo_log oslo_messaging oslo_middleware paste pymysql vine; do
    python3 -m compileall -q "/usr/lib/python3/dist-packages/$name" || :
done

nova_manage() { su nova -s /bin/sh -c "nova-manage $*"; }
nova_manage api_db sync
nova_manage cell_v2 map_cell0
nova_manage db sync
nova_manage cell_v2 create_cell --name cell1
mysqladmin shutdown
wait
