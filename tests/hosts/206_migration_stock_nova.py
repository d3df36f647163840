"""Stock nova works on as if nothing had happened, after the fork has migrated its databases and is gone."""

import pytest

from tests.hosts.lib import debs
from tests.hosts.lib.bed import SOURCE

NOVA = '/usr/lib/python3/dist-packages/nova'
INSERT = ("INSERT INTO instances (uuid, deleted, deleted_at, mapping_uuid) VALUES ('{0}', {1}, {2}, '{0}-mapping')")


@pytest.fixture(scope='module', params=['bullseye', debs.everywhere('bookworm'), 'trixie'])
def stock(request, module_host):
    """A host with stock nova, whose databases the fork's modules have migrated before they were taken out again."""
    host = module_host(request.param, 'stack')
    host.start_mariadb()
    host.migrates = host.exists(f'{NOVA}/db/sqlalchemy/migrate_repo')
    host.put(SOURCE / 'cascading', f'{NOVA}/cascading')
    if host.migrates:
        host.put(SOURCE / 'db/sqlalchemy/cascading_migrate_repo', f'{NOVA}/db/sqlalchemy/cascading_migrate_repo')
    sync = 'su nova -s /bin/sh -c "python3 -B -m nova.cascading db sync"'
    host.first, host.second = host.run(sync), host.run(sync)
    archive_with_the_forks_model(host)
    host.run(f'rm -rf {NOVA}/cascading {NOVA}/db/sqlalchemy/cascading_migrate_repo')
    return host


def archive_with_the_forks_model(host):
    """Archive one row while nova's model of an instance knows the column, as the fork's does."""
    models = f'{NOVA}/db/sqlalchemy/models.py' if host.migrates else f'{NOVA}/db/main/models.py'
    line = r's/^    uuid = \(.*\), nullable=False)$/&\n    mapping_uuid = \1)/'
    host.run(f"cp {models} /root; sed -i '/^class Instance(/,/^class /{line}' {models}; grep mapping_uuid {models}")
    host.sql(INSERT.format('forked', 1, "'2020-01-01'"))
    archive(host)
    host.run(f'cp /root/models.py {models}')


def archive(host):
    done = manage(host, 'db archive_deleted_rows --verbose --until-complete', check=False)
    assert done.status in (0, 1), done.out + done.err  # 1: some rows were archived
    assert 'Traceback' not in done.out + done.err


def manage(host, words, check=True):
    return host.run(f'su nova -s /bin/sh -c "nova-manage {words}"', check=check)


def test_both_cells_are_migrated_once(stock):
    assert stock.first.out.count(': done') == 2
    assert stock.second.out.count(': nothing to do') == 2
    for database in ('nova', 'nova_cell0'):
        for table in ('instances', 'shadow_instances'):
            assert 'mapping_uuid' in [row[0] for row in stock.sql(f'SHOW COLUMNS FROM {table}', database)]


def test_the_record_stands_beside_novas_own_where_nova_keeps_one(stock):
    if not stock.migrates:
        assert 'migrate_version' not in [row[0] for row in stock.sql('SHOW TABLES')]
        return
    recorded = dict(stock.sql('SELECT repository_id, version FROM migrate_version'))
    assert recorded['nova_cascading'] == '234'
    assert int(recorded['nova']) > 234


def test_stock_synchronises_and_tells_its_version(stock):
    before = manage(stock, 'db version').out.splitlines()[-1]
    manage(stock, 'db sync')
    assert manage(stock, 'db version').out.splitlines()[-1] == before


def test_stock_archives_rows_and_leaves_archived_mappings_alone(stock):
    """The fork archives mappings. Stock, from 2015.1 on, copies the columns it knows: its rows come without one."""
    stock.sql(INSERT.format('kept', 0, 'NULL') + ';' + INSERT.format('gone', 1, "'2020-01-01'"))
    archive(stock)
    archived = stock.sql('SELECT uuid, mapping_uuid FROM shadow_instances ORDER BY uuid')
    assert archived == [('forked', 'forked-mapping'), ('gone', None)]
    assert stock.sql('SELECT uuid, mapping_uuid FROM instances') == [('kept', 'kept-mapping')]


def test_stock_runs_its_online_migrations_and_purges(stock):
    assert manage(stock, 'db online_data_migrations', check=False).status in (0, 1, 2)
    done = manage(stock, 'db purge --all --verbose', check=False)
    assert done.status == 0, done.out + done.err
    assert stock.sql('SELECT COUNT(*) FROM shadow_instances') == [('0',)]
    assert 'mapping_uuid' in [row[0] for row in stock.sql('SHOW COLUMNS FROM shadow_instances')]
