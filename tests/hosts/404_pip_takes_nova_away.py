"""pip itself changes a real nova (26.3.0 from PyPI in a virtualenv) under the fork: uninstall.sh leads out."""

from __future__ import annotations

import pytest

from tests.hosts.lib import unpackaged

NOVA = next(nova for nova in unpackaged.PIP if nova.version == '26.3.0')
INSTALL = "sh /srv/bundle/installation/install.sh --no-db"
UNINSTALL = 'sh /srv/bundle/installation/uninstall.sh'


@pytest.fixture
def forked(make_host):
    host = make_host(NOVA.suite, NOVA.layer)
    host.put(unpackaged.bundle(NOVA.version), '/srv/bundle')
    host.before = unpackaged.fingerprint(host, f'{NOVA.parent}/nova', NOVA.programs)
    host.run(f"PATH='{NOVA.programs}':$PATH {INSTALL}")
    return host


def test_uninstalled_by_pip_with_the_fork_in_it(forked):
    """pip leaves what no RECORD names: the fork's files, and with them a nova that can be imported."""
    host = forked
    host.run(f"'{NOVA.python}' -m pip uninstall --yes nova")
    assert host.exists(f'{NOVA.parent}/nova/cascading/__init__.py')
    done = host.run(UNINSTALL)
    assert 'is gone' in done.out and 'nothing is installed' in done.out
    left = host.run(f"find '{NOVA.parent}/nova' 2> /dev/null", check=False).out
    assert not left and not host.exists(f'{NOVA.programs}/nova-cascading')
    assert host.run(f"'{NOVA.python}' -I -c 'import nova'", check=False).status == 1
    assert host.run('ls /var/lib/nova-cascading/installer').out.split() == ['lock']


def test_files_put_back_as_git_stash_does_count_as_restored(forked):
    host = forked
    host.run(f"cd '{NOVA.parent}' && cp /srv/bundle/original/nova/objects/instance.py nova/objects/instance.py")
    done = host.run(UNINSTALL)
    assert '1 of' in done.out and 'nothing of the fork is left' in done.out
    now = unpackaged.fingerprint(host, f'{NOVA.parent}/nova', NOVA.programs)
    assert contents(now) == contents(host.before)


def contents(prints):
    """The sha256 of each file; what somebody else wrote has a time, and byte code, of its own."""
    return sorted(line for line in prints.splitlines() if line[64:66] == '  ' and not line.endswith('.pyc'))
