"""A downloaded rpm takes the stock library's place, whichever command installs it, and the column is there at once."""

import pytest

from tests.hosts.lib.rpm_host import BOTH_TABLES, FORK, SITE, fork, is_consistent, novas, put, tables_with_mapping

WAYS = ('dnf -y install {}', 'yum -y localinstall {}', 'rpm -U {}')


@pytest.mark.parametrize('way', WAYS)
def test_the_fork_replaces_the_stock_library_and_nothing_else(make_host, way):
    host = make_host('bookworm', 'rpm')
    host.start_mariadb()
    host.run(way.format(put(host, fork())))
    assert novas(host) == FORK
    assert is_consistent(host)
    assert tables_with_mapping(host) == BOTH_TABLES


def test_every_file_there_belongs_to_the_fork_byte_code_included(make_host):
    host = make_host('bookworm', 'rpm')
    host.start_mariadb()
    host.run(f'rpm -U {put(host, fork())}')
    owners = host.run(f'find {SITE}/nova {SITE}/nova-*-info | xargs rpm -qf --qf "%{{NAME}}\\n" | sort -u').out
    assert owners.split() == ['python3-nova-cascading']
    assert host.exists(f'{SITE}/nova/cascading/__pycache__/cli.cpython-311.pyc')


def test_a_fork_of_another_stock_version_is_refused(make_host):
    host = make_host('bookworm', 'rpm')
    done = host.run(f'dnf -y install {put(host, fork(stock="1:26.3.0-7"))}', check=False)
    assert done.status == 1
    assert 'requires python3-nova = 1:26.3.0-1' in done.err
    assert 'python3-nova' in novas(host)


def test_a_host_without_a_database_in_its_configuration_needs_none(make_host):
    host = make_host('bookworm', 'rpm')
    host.run('crudini --del /etc/nova/nova.conf database; crudini --del /etc/nova/nova.conf api_database')
    done = host.run(f'dnf -y install {put(host, fork())}')
    assert 'nothing to migrate here: nova.conf names no database' in done.out
    assert novas(host) == FORK
