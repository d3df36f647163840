"""Icehouse with the fork in it passes every one of upstream's own unit tests that touch what the fork changes."""

import re

import pytest

from tests.hosts.lib import icehouse, trees

# Upstream's tests in each module, and how many of them skip themselves, in stock 2014.1.5 and 2014.1.2.
MODULES = {
    'objects.test_instance': {'2014.1.5': (125, 0), '2014.1.2': (125, 0)},
    'objects.test_objects': {'2014.1.5': (92, 0), '2014.1.2': (92, 0)},
    'conductor.test_conductor': {'2014.1.5': (260, 0), '2014.1.2': (260, 0)},
    'network.test_neutronv2': {'2014.1.5': (122, 0), '2014.1.2': (122, 0)},
    'db.test_migrations': {'2014.1.5': (11, 4), '2014.1.2': (11, 4)},
    'db.test_db_api': {'2014.1.5': (543, 1), '2014.1.2': (543, 1)},
}


@pytest.fixture(scope='module')
def tree(module_host, tmp_path_factory):
    """Gives (host, directory) of a forked release, made once."""
    made = {}

    def of(version):
        if version not in made:
            host = module_host(icehouse.SUITE, 'icehouse')
            made[version] = host, trees.put(host, version, tmp_path_factory.mktemp('icehouse'), forked=True)
        return made[version]
    return of


@pytest.mark.parametrize('version', ['2014.1.5', '2014.1.2'])
@pytest.mark.parametrize('module', MODULES)
def test_upstreams_own_tests_still_pass(tree, module, version):
    host, place = tree(version)
    ran = host.run(f'cd {place} && {trees.PYTHON} -m testtools.run nova.tests.{module} 2>&1',
                   check=False, env={'NOVA_LOCK_PATH': '/tmp'})
    end = ran.out.strip().splitlines()
    assert ran.status == 0 and end[-1].startswith('OK'), '\n'.join(end[-60:])
    count, skipped = MODULES[module][version]
    assert re.search(r'^Ran (\d+) tests', ran.out, re.MULTILINE)[1] == str(count)
