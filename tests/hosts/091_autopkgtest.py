"""The package passes its own tests (debian/tests), on a controller whose database is up."""

from __future__ import annotations

import pytest

from tests.hosts.lib import debs, kinds
from tests.hosts.lib.layers import register

register('autopkgtest', base='stack', script=kinds.script('autopkgtest'))


@pytest.mark.parametrize('suite', ['bookworm'])  # what it tests, 010 tests on all suites
def test_the_package_passes_its_own_autopkgtest(make_host, fork_of, suite):
    directory = fork_of(suite, 1, *debs.DEB)
    host = make_host(suite, 'autopkgtest')
    host.start_mariadb()
    debs.offer_fork(host, directory)
    host.put(directory, '/root/packages')
    done = host.run('autopkgtest packages/*.deb packages/*.dsc -- null', check=False)
    said = done.out + done.err
    assert done.status == 0, said[-4000:]
    verdicts = dict(line.split()[:2] for line in said.splitlines() if line.startswith(('imports ', 'migrates ')))
    assert verdicts == {'imports': 'PASS', 'migrates': 'PASS'}
