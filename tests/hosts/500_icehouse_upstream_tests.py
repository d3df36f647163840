"""Icehouse with the fork in it passes every one of upstream's own unit tests that touch what the fork changes."""

import re

import pytest

from tests.hosts.lib import icehouse, trees

# How many tests upstream has in each module: of 2014.1.5, of 2014.1.2.
MODULES = {
    'objects.test_instance': (125, 125),
    'objects.test_objects': (92, 92),
    'conductor.test_conductor': (260, 260),
    'network.test_neutronv2': (122, 120),
    'db.test_migrations': (11, 11),
    'db.test_db_api': (543, 542),
}
RELEASES = ('2014.1.5', '2014.1.2')


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


@pytest.mark.parametrize('version', RELEASES)
@pytest.mark.parametrize('module', MODULES)
def test_upstreams_own_tests_still_pass(tree, module, version):
    host, place = tree(version)
    ran = host.run(f'cd {place} && {trees.PYTHON} -m testtools.run nova.tests.{module} 2>&1',
                   check=False, env={'NOVA_LOCK_PATH': '/tmp'}, timeout=1200)
    end = ran.out.strip().splitlines()
    assert ran.status == 0 and end[-1].startswith('OK'), '\n'.join(end[-60:])
    count = MODULES[module][RELEASES.index(version)]
    assert re.search(r'^Ran (\d+) tests', ran.out, re.MULTILINE)[1] == str(count)
