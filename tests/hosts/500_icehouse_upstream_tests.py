"""Icehouse with the fork in it passes every one of upstream's own unit tests that touch what the fork changes."""

import re

import pytest

from tests.hosts.lib import debs, icehouse, packages, trees

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
# A minute each, of code that is the same in both but for a line or two.
AGAIN = [('conductor.test_conductor', '2014.1.2'), ('db.test_db_api', '2014.1.2')]


@pytest.fixture(scope='module')
def installed(module_host, fork_of, tmp_path_factory):
    """Gives a host on which apt installed the fork of a release, with upstream's tests put beside it."""
    made = {}

    def of(version):
        if version not in made:
            icehouse.require(version)
            made[version] = module_host(icehouse.SUITE, f'icehouse-{version}')
            install(made[version], version, fork_of)
            trees.put_tests(made[version], version, tmp_path_factory.mktemp('icehouse'))
        return made[version]
    return of


def install(host, version, fork_of):
    host.run('sed -i "s/^\\[DEFAULT\\]/[cascading]\\nauto_migrate = false\\n&/" /etc/nova/nova.conf')
    host.offer([packages.library(fork_of(icehouse.library(version), 1, *debs.DEB))])
    host.run('apt-get install -y python-nova-cascading')


@pytest.mark.parametrize(('module', 'version'), [
    debs.everywhere(module, version) if (module, version) in AGAIN else (module, version)
    for version in RELEASES for module in MODULES])
def test_upstreams_own_tests_pass_on_the_installed_fork(installed, module, version):
    host = installed(version)
    ran = host.run(f'cd {trees.INSTALLED} && {trees.PYTHON} -m testtools.run nova.tests.{module} 2>&1',
                   check=False, env={'NOVA_LOCK_PATH': '/tmp'}, timeout=1200)
    end = ran.out.strip().splitlines()
    assert ran.status == 0 and end[-1].startswith('OK'), '\n'.join(end[-60:])
    count = MODULES[module][RELEASES.index(version)]
    assert re.search(r'^Ran (\d+) tests', ran.out, re.MULTILINE)[1] == str(count)
