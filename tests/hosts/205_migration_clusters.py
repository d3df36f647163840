"""Replicas and Galera nodes: the change is made on a primary, on a node that is part of its cluster, or not at all."""

import pytest

from tests.hosts.lib import services, verdicts
from tests.hosts.lib.bed import Bed

V233 = 'icehouse-schema-2014.1-v233.mariadb.sql'
GALERA = 'wsrep_on=ON wsrep_provider=/usr/lib/galera/libgalera_smm.so wsrep_cluster_address=gcomm:// binlog_format=ROW'


NODE = '''[mysqld]
user=mysql
datadir=/var/lib/node{number}
socket=/run/mysqld/node{number}.sock
pid_file=/run/mysqld/node{number}.pid
port=331{number}
bind_address=127.0.0.1
innodb_buffer_pool_size=32M
innodb_autoinc_lock_mode=2
binlog_format=ROW
wsrep_on=ON
wsrep_provider=/usr/lib/galera/libgalera_smm.so
wsrep_cluster_address=gcomm://{others}
wsrep_node_name=node{number}
wsrep_node_address=127.0.0.1
wsrep_node_incoming_address=127.0.0.1:331{number}
wsrep_sst_method=rsync
wsrep_sst_receive_address=127.0.0.1:444{number}
wsrep_provider_options="gmcast.listen_addr=tcp://127.0.0.1:457{number};ist.recv_addr=127.0.0.1:458{number};gcache.size=32M"
'''
BALANCED = verdicts.HAPROXY_DEFAULTS + '''listen mysql
    bind 127.0.0.1:3399
    balance roundrobin
''' + ''.join(f'    server node{number} 127.0.0.1:331{number}\n' for number in range(3))


@pytest.fixture(scope='module')
def cluster(module_host):
    """Three nodes, and HAProxy, which gives each connection another one."""
    host = module_host('bookworm', 'poolers')
    host.run('install -d -o mysql -g mysql /run/mysqld')
    for number in range(3):
        host.write(f'/etc/node{number}.cnf', NODE.format(number=number, others='127.0.0.1:4570' if number else ''))
        host.run(f'cp -a /var/lib/mysql /var/lib/node{number}')
        host.spawn(f'exec mariadbd --defaults-file=/etc/node{number}.cnf >/var/log/node{number}.log 2>&1')
        services.wait_for(host, f'mysql -S /run/mysqld/node{number}.sock -Ne "SHOW STATUS LIKE '
                                "'wsrep_local_state_comment'\" | grep -q Synced")
    host.run('ln -s node0.sock /run/mysqld/mysqld.sock')
    host.write('/etc/haproxy/haproxy.cfg', BALANCED)
    host.run('haproxy -D -f /etc/haproxy/haproxy.cfg')
    bed = Bed(host)
    bed.make_user()
    return bed


def on_node(bed, number, statement, database):
    return bed.host.run(f'mysql -S /run/mysqld/node{number}.sock -N {database}', input=statement).out


def test_three_nodes_change_together_through_a_balancer_that_gives_each_connection_another_one(cluster):
    """Also where an administrator has told one node to keep changes of tables to itself."""
    on_node(cluster, 1, "SET GLOBAL wsrep_OSU_method = 'RSU'", 'mysql')
    for port in (3399, 3311):
        url = cluster.mariadb(V233).replace('127.0.0.1', f'127.0.0.1:{port}')
        name = url.rpartition('/')[2]
        assert verdicts.outcome(cluster, url) == verdicts.GO
        for number in range(3):
            services.wait_for(cluster.host, f'mysql -S /run/mysqld/node{number}.sock {name} -e "SHOW CREATE TABLE '
                              'instances" | grep -q instances_mapping_uuid_idx')


def test_the_nodes_of_a_cluster_and_a_balancer_before_them_are_one_database(cluster):
    url = cluster.mariadb(V233)
    api = cluster.mariadb('CREATE TABLE cell_mappings (id INT PRIMARY KEY, uuid CHAR(36), name TEXT, '
                          'database_connection TEXT, transport_url TEXT)')
    names = [url.replace('127.0.0.1', f'127.0.0.1:{port}') for port in (3310, 3311, 3312, 3399)]
    rows = ', '.join(f"({number}, 'u{number}', 'c{number}', '{one}', 'rabbit://')" for number, one in enumerate(names))
    cluster.host.sql(f'INSERT INTO cell_mappings VALUES {rows}', api.rpartition('/')[2])
    of_nodes = [one.replace('127.0.0.1', '127.0.0.1:3310') for one in (url, api)]
    told = cluster.cascading('db check', of_nodes[0], f'[api_database]\nconnection = {of_nodes[1]}\n', check=False)
    assert [line.split()[1] for line in told.out.splitlines()] == ['main']


@pytest.fixture(scope='module')
def galera(module_host):
    bed = Bed(module_host('bookworm', 'databases'))
    bed.start_mariadb(GALERA)
    services.wait_for(bed.host, "mysql -Ne \"SHOW STATUS LIKE 'wsrep_local_state_comment'\" | grep -q Synced")
    return bed


def test_a_synchronized_galera_node_changes_at_once(galera):
    url = galera.mariadb(V233)
    done = galera.cascading('db sync', url)
    assert done.out.count('ALGORITHM=INSTANT') == 2
    assert 'INPLACE' not in done.out
    assert galera.is_right(url)


def test_a_large_index_on_galera_waits_to_be_allowed(galera):
    """It would stop the whole cluster for as long as it takes."""
    url = galera.mariadb(V233)
    name = url.rpartition('/')[2]
    galera.host.sql("INSERT INTO instances (uuid, deleted) SELECT CONCAT('u', seq), 0 FROM seq_1_to_10001", name)
    assert galera.preflight(url).status == 1
    done = galera.cascading('db sync', url, check=False)
    assert done.status == 1
    assert '--allow-table-copy' in done.err
    assert galera.cascading('db check --gate', url).status == 0
    more = '[cascading]\nallow_table_copy = true\n'
    assert galera.preflight(url, more).status == 0
    galera.cascading('db sync', url, more)
    assert galera.is_right(url)


def test_a_galera_node_out_of_its_cluster_is_refused(galera):
    url = galera.mariadb(V233)
    galera.host.sql('SET GLOBAL wsrep_desync = ON', 'mysql')
    try:
        done = galera.cascading('db sync', url, check=False)
        assert galera.preflight(url).status == 3
    finally:
        galera.host.sql('SET GLOBAL wsrep_desync = OFF', 'mysql')
    assert done.status == 2
    assert 'this Galera node is not ready' in done.err
    assert 'mapping_uuid' not in galera.columns(url)


def test_a_server_that_is_built_for_galera_and_has_no_cluster_is_migrated(module_host):
    """MariaDB Galera 5.5 and 10.0 are so from the start; status then says Disconnected."""
    bed = Bed(module_host('bookworm', 'databases'))
    bed.start_mariadb('wsrep_on=ON wsrep_provider=none')
    url = bed.mariadb(V233)
    assert verdicts.outcome(bed, url) == verdicts.GO
    assert bed.is_right(url)


def test_a_replica_that_takes_writes_is_refused_all_the_same(module_host):
    """Its own read_only is off, as administrators forget; a change made here would stay here."""
    primary = Bed(module_host('bookworm', 'databases'))
    primary.start_mariadb('server_id=1 log_bin=bin')
    url = primary.mariadb(V233, 'novarep')
    replica = Bed(module_host('bookworm', 'databases', beside=primary.host))
    replica.start_mariadb('server_id=2 port=3307')
    primary.host.sql("CREATE USER rep@'%' IDENTIFIED BY 'rep'; GRANT REPLICATION SLAVE ON *.* TO rep@'%'", 'mysql')
    position = primary.host.sql('SHOW MASTER STATUS', 'mysql')[0]
    replica.mariadb(V233, 'novarep')
    replica.host.sql("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_USER='rep', MASTER_PASSWORD='rep', "
                     f"MASTER_LOG_FILE='{position[0]}', MASTER_LOG_POS={position[1]}; START SLAVE", 'mysql')
    services.wait_for(replica.host, "mysql -e 'SHOW SLAVE STATUS\\G' | grep -q 'Slave_IO_Running: Yes'")
    there = url.replace('127.0.0.1', '127.0.0.1:3307')
    done = replica.cascading('db sync', there, check=False)
    assert done.status == 1, done.out
    assert 'is a replica of another one' in done.err
    assert replica.preflight(there).status == 1
    primary.cascading('db sync', url)
    services.wait_for(replica.host, 'mysql novarep -e "SHOW COLUMNS FROM instances" | grep -q mapping_uuid')
    assert replica.cascading('db check', there).status == 0
