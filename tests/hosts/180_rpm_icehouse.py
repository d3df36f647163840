"""Icehouse under Python 2.7: the swap, the column beside upstream's own migration 234, and the way back."""

import pytest

from tests.hosts.lib.rpm_host import (
    BOTH_TABLES,
    ICEHOUSE,
    MAPPING,
    SERVICES,
    fork,
    is_consistent,
    map_an_instance,
    mapping,
    novas,
    put,
    tables_with_mapping,
)
from tests.hosts.lib.sql import hold_lock

pytestmark = ICEHOUSE
STOCK = SERVICES | {'python-nova'}
FORK = SERVICES | {'python-nova-cascading'}
SITE = '/usr/lib/python2.7/site-packages/nova'


@pytest.fixture(scope='module')
def host(module_host):
    host = module_host('bullseye', 'rpm-icehouse')
    host.boot()
    host.service('openstack-nova-conductor').start()
    return host


def test_installing_it_swaps_migrates_and_restarts(host):
    conductor = host.service('openstack-nova-conductor')
    before = conductor.pid
    host.run(f'dnf -y install {put(host, fork("2014.1.5"))}')
    assert novas(host) == FORK
    assert is_consistent(host)
    assert tables_with_mapping(host) == BOTH_TABLES
    assert conductor.is_active and conductor.pid != before
    assert not host.service('openstack-nova-api').is_active


def test_upstreams_migration_234_and_the_forks_stand_side_by_side(host):
    versions = dict(host.sql('SELECT repository_id, version FROM migrate_version'))
    assert versions == {'nova': '234', 'nova_cascading': '234'}
    host.run("su nova -s /bin/sh -c 'nova-manage db sync'")


def test_what_makes_up_for_a_migration_tries_a_held_table_once(host):
    """Each 30 seconds; this oslo.config reads no option from the environment."""
    host.sql('ALTER TABLE shadow_instances DROP COLUMN mapping_uuid; ALTER TABLE instances DROP COLUMN mapping_uuid')
    release = hold_lock(host)
    done = host.run('nova-cascading db sync --auto --once', check=False)
    assert (done.status, 'attempt 2' in done.out + done.err) == (2, False)
    assert 'instances is in use' in done.out + done.err
    release()
    host.run('nova-cascading db sync')
    assert tables_with_mapping(host) == BOTH_TABLES


def test_a_database_that_only_a_services_own_file_names_is_found(host):
    """Units without arguments leave nova-conductor to find nova-conductor.conf; here with the oslo.config of 2014."""
    host.run(r"""install -D /dev/null /usr/share/nova/nova-dist.conf; cd /etc/nova; cp -p nova.conf whole
                 sed -n '/^\[database/,$p' whole >nova-conductor.conf; sed -i '/^\[database/,$d' nova.conf""")
    host.run('systemctl restart openstack-nova-conductor')
    told = host.run('nova-cascading status').out
    assert ', from /etc/nova/nova-conductor.conf: in place' in told and ': keeps mappings' in told
    host.run('cd /etc/nova; mv whole nova.conf; rm nova-conductor.conf /usr/share/nova/nova-dist.conf; '
             'systemctl restart openstack-nova-conductor')


def test_byte_code_is_made_on_the_host_and_belongs_to_the_package(host):
    assert host.exists(f'{SITE}/cascading/cli.pyc')
    assert host.run(f'rpm -qf {SITE}/cascading/cli.pyc').out.startswith('python-nova-cascading-')


def test_byte_code_of_an_older_release_is_not_taken_for_this_ones(host):
    """Every release dates its files alike, and Python 2 compares nothing but the date."""
    host.run(f"""
        echo 'raise SystemExit(77)' >/tmp/cli.py
        touch -r {SITE}/cascading/cli.py /tmp/cli.py
        python2.7 -c 'import py_compile; py_compile.compile("/tmp/cli.py", "{SITE}/cascading/cli.pyc")'
        """)
    assert host.run('nova-cascading --help', check=False).status == 77
    host.run(f'rpm -U --force {put(host, fork("2014.1.5"))}')
    host.run('nova-cascading --help')


def test_an_installation_that_was_killed_half_way_leads_back_to_stocks_own_files(host):
    """Both are registered then, with the fork's files, which are not to stay behind under stock's name."""
    host.run('rpm -i --justdb --noscripts --nodeps --replacefiles --oldpackage /srv/stock/python-nova-[0-9]*.rpm')
    assert novas(host) == FORK | STOCK
    host.run('nova-cascading uninstall --yes')
    assert novas(host) == STOCK
    assert is_consistent(host)
    host.run(f'dnf -y install {put(host, fork("2014.1.5"))}')


def test_back_to_stock_and_forward_again(host):
    map_an_instance(host)
    host.run('nova-cascading uninstall --yes')
    assert novas(host) == STOCK
    assert is_consistent(host)
    assert not host.exists(f'{SITE}/cascading')
    assert host.service('openstack-nova-conductor').is_active
    host.run(f'yum -y localinstall {put(host, fork("2014.1.5"))}')
    assert novas(host) == FORK
    assert mapping(host) == MAPPING
