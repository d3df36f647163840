"""Replicas and Galera nodes: the change is made on a primary, on a node that is part of its cluster, or not at all."""

import pytest

from tests.hosts.lib import services
from tests.hosts.lib.bed import Bed

V233 = 'icehouse-schema-2014.1-v233.mariadb.sql'
GALERA = 'wsrep_on=ON wsrep_provider=/usr/lib/galera/libgalera_smm.so wsrep_cluster_address=gcomm:// binlog_format=ROW'


@pytest.fixture(scope='module')
def galera(module_host):
    bed = Bed(module_host('bookworm', 'databases'))
    bed.start_mariadb(GALERA)
    services.wait_for(bed.host, "mysql -Ne \"SHOW STATUS LIKE 'wsrep_local_state_comment'\" | grep -q Synced", 30)
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
    services.wait_for(replica.host, "mysql -e 'SHOW SLAVE STATUS\\G' | grep -q 'Slave_IO_Running: Yes'", 30)
    there = url.replace('127.0.0.1', '127.0.0.1:3307')
    done = replica.cascading('db sync', there, check=False)
    assert done.status == 1, done.out
    assert 'is a replica of another one' in done.err
    assert replica.preflight(there).status == 1
    primary.cascading('db sync', url)
    services.wait_for(replica.host, 'mysql novarep -e "SHOW COLUMNS FROM instances" | grep -q mapping_uuid', 30)
    assert replica.cascading('db check', there).status == 0
