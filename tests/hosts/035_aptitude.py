"""aptitude tells the hook no command line, and keeps a plan that was refused: no service is lost by either."""

from __future__ import annotations

import pytest

from tests.hosts.lib import debs, packages
from tests.hosts.lib.host import Host

FORGET = 'aptitude keep-all'


@pytest.fixture(scope='module')
def host(module_host, fork_of, tmp_path_factory) -> Host:
    """A controller with the fork, whose stock has moved on by an update."""
    made: Host = module_host('bookworm', 'upgraders')
    debs.leave_uncompiled(made)
    made.run('crudini --set /etc/nova/nova.conf cascading auto_migrate false')
    fork = fork_of('bookworm', 1, *debs.DEB)
    debs.offer_fork(made, fork)
    made.run(f'apt-get install -y {debs.FORK}')
    to = tmp_path_factory.mktemp('update')
    made.offer([packages.library(fork), *(packages.reversion(path, to, '.1')
                                          for path in packages.stock_debs('bookworm').values())])
    return made


def marked(host: Host) -> list[str]:
    """What dpkg's selections, in which aptitude notes its plan, would have removed."""
    return [line for line in host.run('dpkg --get-selections').out.splitlines() if line.split()[1] != 'install']


def there(host: Host) -> str:
    """What is installed, whatever dpkg's selections say of it."""
    return host.run("dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\\n'").out


@pytest.mark.parametrize(('line', 'said'), [
    ('install nova-scheduler', 'apt would put the stock nova back, which nobody asked for'),
    (f'install {debs.STOCK}', f'and {debs.STOCK}, as Puppet, Ansible, Salt and Chef type it'),
    ('full-upgrade nova-scheduler', 'apt would put the stock nova back, which nobody asked for'),
    (f'remove {debs.FORK}', "without the fork, nova's services go too"),
    (f'purge {debs.FORK}', "without the fork, nova's services go too")])
def test_what_nobody_asked_for_is_refused_now_and_later_and_can_be_forgotten(host, line, said):
    before = there(host)
    done = host.run(f'aptitude -y {line}', check=False)
    assert said in done.err and FORGET in done.err
    assert marked(host), 'aptitude notes nothing any more: then the hook need not speak of it'
    for again in ('aptitude -y install', 'apt-get -y dselect-upgrade'):
        assert host.run(again, check=False).status != 0, again
    assert there(host) == before
    host.run(FORGET)
    assert marked(host) == []


def test_who_names_a_version_of_the_stock_library_gets_it_with_all_services(host):
    services = debs.nova(host).keys() - {debs.FORK}
    host.run(f'{debs.back(host)}.1'.replace('apt-get install -y', 'aptitude -y install'))
    assert debs.nova(host).keys() == services | {debs.STOCK}
