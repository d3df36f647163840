"""`dnf install python-nova-cascading` from the signed repository, on a cloud at work.

The running services get the fork, the database its column, and an instance keeps its mapping through nova-conductor.
"""

import pytest

from tests.hosts.lib.rpm_host import (
    BOTH_TABLES,
    FORK,
    MAPPING,
    PROBE,
    STOCK,
    evr,
    fork,
    is_consistent,
    novas,
    publish,
    tables_with_mapping,
    use_repository,
)

pytestmark = pytest.mark.first
RUNNING = ('openstack-nova-conductor', 'openstack-nova-api')


@pytest.fixture(scope='module')
def cloud(module_host, tmp_path_factory):
    """A booted host after the installation, with the processes that ran before and what dnf said."""
    host = module_host('bookworm', 'rpm')
    host.boot()
    host.run(f'systemctl start {" ".join(RUNNING)}')
    host.before = {name: host.service(name).pid for name in RUNNING}
    publish(host, tmp_path_factory.mktemp('signer'), fork())
    use_repository(host)
    host.said = host.run('nova-cascading-preflight && dnf -y install python-nova-cascading').out
    return host


def test_the_stock_library_is_replaced_and_nothing_else(cloud):
    assert novas(cloud) == FORK
    assert is_consistent(cloud)


def test_both_tables_have_the_column(cloud):
    assert tables_with_mapping(cloud) == BOTH_TABLES


def test_what_ran_runs_the_new_code_and_what_did_not_run_still_does_not(cloud):
    for name in RUNNING:
        assert cloud.service(name).is_active and cloud.service(name).pid != cloud.before[name]
        assert name in cloud.said
    assert not cloud.service('openstack-nova-scheduler').is_active


def test_an_instance_keeps_its_mapping_through_the_conductor(cloud):
    cloud.put(PROBE, '/root/probe.py')
    uuid = cloud.run('python3 probe.py create').out.split()[-1]
    assert cloud.run(f'python3 probe.py map {uuid} {MAPPING}').out.split()[-1] == MAPPING
    assert cloud.sql(f"SELECT mapping_uuid FROM instances WHERE uuid = '{uuid}'") == [(MAPPING,)]


def test_a_second_upgrade_has_nothing_to_do(cloud):
    assert 'Nothing to do' in cloud.run('dnf -y upgrade').out


def test_while_the_repository_is_away_all_other_updates_go_on_under_rhels_settings(cloud):
    settings, source = '/etc/dnf/dnf.conf', '/etc/yum.repos.d/nova-cascading.repo'
    cloud.run(f'cp {settings} {source} /root; sed -i s/:8000/:9/ {source}')
    cloud.run(f"sed -i '/^best=/d; /^skip_if_unavailable=/d; $abest=True\\nskip_if_unavailable=False' {settings}")
    done = cloud.run('dnf -q clean all; dnf -y upgrade --enablerepo=erratum', check=False)
    cloud.run(f'mv /root/dnf.conf {settings}; mv /root/nova-cascading.repo {source}; dnf -q clean all')
    assert (done.status, evr(cloud, 'openstack-nova-api')) == (0, '1:26.3.0-1'), done
    assert 'Ignoring repositories: nova-cascading' in done.out + done.err
    assert '26.3.0-2 of nova waits' in done.err


def test_the_way_back_restores_stock_and_keeps_the_mapping(cloud):
    before = cloud.sql('SELECT uuid, mapping_uuid FROM instances WHERE mapping_uuid IS NOT NULL')
    cloud.run('nova-cascading uninstall --yes')
    assert novas(cloud) == STOCK
    assert is_consistent(cloud)
    assert all(cloud.service(name).is_active for name in RUNNING)
    assert cloud.sql('SELECT uuid, mapping_uuid FROM instances WHERE mapping_uuid IS NOT NULL') == before != []
