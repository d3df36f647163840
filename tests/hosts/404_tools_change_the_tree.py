"""git, pip and OpenStack-Ansible themselves change a real tree that has the fork in it: each script leads out."""

from __future__ import annotations

import re

import pytest

from tests.hosts.lib import deployed, unpackaged
from tests.hosts.lib.deployed import ANSIBLE, CHECKOUT, DEVSTACK, KOLLA

INSTALL, UNINSTALL = 'sh /srv/bundle/installation/install.sh --no-db', 'sh /srv/bundle/installation/uninstall.sh'
BECOME = 'setpriv --reuid stack --regid stack --clear-groups env HOME=/opt/stack PYTHONDONTWRITEBYTECODE=1'


@pytest.fixture(scope='module', params=deployed.ALL)
def nova(request):
    return deployed.ALL[request.param]


@pytest.fixture(scope='module')
def disk(module_host, nova):
    """A host with the fork in nova's tree, whose bundle for the other release is at hand: (its layers, what was)."""
    host = module_host(nova.suite, nova.layer)
    host.put(unpackaged.bundle(nova.version), '/srv/bundle')
    host.put(unpackaged.bundle('34.0.0'), '/srv/next')
    before = unpackaged.fingerprint(host, f'{nova.parent}/nova', nova.programs)
    assert 'installed: ' in host.run(INSTALL).out
    return host.freeze(), before


@pytest.fixture
def forked(make_host, nova, disk):
    host = make_host(nova.suite, disk[0])
    host.before, host.nova = disk[1], nova
    return host


def now(host):
    return unpackaged.fingerprint(host, f'{host.nova.parent}/nova', host.nova.programs)


def contents(prints):
    """The sha256 of each file; what somebody else wrote has a time, and byte code, of its own."""
    return {line for line in prints if re.match('[0-9a-f]{64}  ', line) and not line.endswith('.pyc')}


def git(host, words):
    return host.run(f'{BECOME} git -C {CHECKOUT} -c user.name=x -c user.email=x@localhost {words}').out


def only(nova):
    return pytest.mark.parametrize('nova', [nova.layer], indirect=True, scope='module')


def journals(host):
    return [name for name in host.run('ls /var/lib/nova-cascading/installer').out.split() if name != 'lock']


@only(DEVSTACK)
def test_git_stash_and_a_new_editable_installation_are_followed_by_install_or_uninstall(forked):
    host = forked
    git(host, 'stash -q')
    done = host.run(INSTALL)
    assert 'put back by somebody' in done.out
    assert git(host, 'diff stash@{0} --stat -- nova') == ''
    host.run(f"{BECOME} '{host.nova.python}' -m pip install -q --no-index --no-deps --no-build-isolation -e {CHECKOUT}")
    assert 'nova/cascading/cli.py' in host.read(f'{CHECKOUT}/nova.egg-info/SOURCES.txt')
    host.run(INSTALL)
    git(host, 'stash -q')
    done = host.run(UNINSTALL)
    assert 'nothing of the fork is left' in done.out
    assert git(host, 'status --porcelain') == ''
    assert contents(now(host)) == contents(host.before)


@only(DEVSTACK)
def test_git_checkout_of_the_next_release_takes_that_ones_bundle_and_no_other(forked):
    host = forked
    installed = now(host)
    done = host.run(INSTALL.replace('bundle', 'next'), check=False)
    assert done.status == 1 and 'this is not nova 34.0.0' in done.err
    assert now(host) == installed
    git(host, 'checkout -qf 34.0.0')
    changed = now(host)
    done = host.run(INSTALL, check=False)
    assert done.status == 1 and 'this is not nova 26.3.0' in done.err
    assert now(host) == changed
    done = host.run(INSTALL.replace('bundle', 'next'))
    assert 'holds another nova now' in done.out and 'installed: nova-cascading for nova 34.0.0' in done.out
    assert 'every file is what it was' in host.run(UNINSTALL).out
    assert git(host, 'status --porcelain') == '' and journals(host) == []


@only(ANSIBLE)
def test_a_new_virtualenv_beside_the_old_one_which_then_goes(forked):
    host, new = forked, '/openstack/venvs/nova-34.0.1'
    pip = f'{host.nova.python} -m pip --python {new}/bin/python install -q --no-index --no-deps'
    host.run(f'python3 -m venv --without-pip {new} && {pip} /srv/stock/nova/*.whl')
    done = host.run(INSTALL, check=False)
    assert done.status == 1 and 'more than one nova' in done.err
    host.run('rm -r /openstack/venvs/nova-34.0.0')
    before = unpackaged.fingerprint(host, new)
    assert 'nova-34.0.0/lib/python3.13/site-packages is gone' in host.run(INSTALL).out
    assert len(journals(host)) == 1
    assert 'every file is what it was' in host.run(UNINSTALL).out
    assert unpackaged.fingerprint(host, new) == before


@only(KOLLA)
def test_reinstalled_by_pip_the_release_stays_and_the_forks_files_go(forked):
    host = forked
    host.run(f'{host.nova.python} -m pip install -q --no-index --no-deps --force-reinstall /srv/stock/nova/*.whl')
    changed = now(host)
    done = host.run(UNINSTALL)
    assert '3 of' in done.out and 'nothing of the fork is left' in done.out
    assert contents(now(host)) == contents(host.before)
    assert {line for line in now(host) if '.pyc' in line} <= changed


@only(KOLLA)
def test_uninstalled_by_pip_with_the_fork_in_it(forked):
    """pip leaves what no RECORD names: the fork's files, and with them a nova that can be imported."""
    host = forked
    host.run(f'{host.nova.python} -m pip uninstall --yes nova')
    assert host.exists(f'{host.nova.parent}/nova/cascading/__init__.py')
    done = host.run(UNINSTALL)
    assert 'is gone' in done.out and 'nothing is installed' in done.out
    assert not host.exists(f'{host.nova.parent}/nova') and not host.exists(f'{host.nova.programs}/nova-cascading')
    assert host.run(f"{host.nova.python} -I -c 'import nova'", check=False).status == 1
    assert journals(host) == []
