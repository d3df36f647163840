"""The day the distribution updates nova: nothing breaks without a new fork, and all moves together with one."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.hosts.lib import debs, packages
from tests.hosts.lib.host import Host

PREFERENCES = '/usr/share/doc/python3-nova-cascading/nova-cascading.pref'
COPY = '/etc/apt/preferences.d/nova-cascading.pref'


@pytest.fixture(scope='module', params=debs.SUITES)
def suite(request) -> str:
    return request.param


@pytest.fixture(scope='module')
def update(tmp_path_factory, suite) -> dict:
    """The vendor's next version of each stock package, by name."""
    to = tmp_path_factory.mktemp('update')
    return {name: packages.reversion(deb, to, '.1') for name, deb in packages.stock_debs(suite).items()}


@pytest.fixture(scope='module')
def next_release(tmp_path_factory, suite) -> Path:
    """The stock library of a later nova, as a host has it on offer that lists the next release of its system, too."""
    deb = packages.stock_debs(suite)[debs.STOCK]
    to = tmp_path_factory.mktemp('next') / 'next.deb'
    return packages.rewritten(deb, to, packages.field(deb, 'Version'), '2:99.0.0-1')


@pytest.fixture(scope='module')
def forked(module_host, fork_of, suite) -> list:
    """The disk of a host with the fork of the stock version before the update."""
    host: Host = module_host(suite, 'stack')
    debs.leave_uncompiled(host)
    host.run('crudini --set /etc/nova/nova.conf cascading auto_migrate false')
    debs.offer_fork(host, fork_of(suite, 1, *debs.DEB))
    host.run('apt-get install -y python-nova-cascading')
    return host.freeze()


def test_without_a_new_fork_nova_is_kept_back(make_host, suite, forked, update, fork_of, next_release):
    host = make_host(suite, forked)
    before = debs.installed(host)
    host.offer([*update.values(), packages.library(fork_of(suite, 1, *debs.DEB))])
    for command in ('apt-get upgrade', 'apt-get dist-upgrade'):
        host.run(f'{command} -y')
        assert debs.installed(host) == before, command
    said = host.run('apt-get install -y --only-upgrade nova-scheduler', check=False).err
    assert debs.installed(host) == before
    assert suite != 'trixie' or 'put the stock nova back, which nobody asked for' in said  # apt 3 would
    assert leads_back(host, update)
    said = [host.run(f'apt-get -y {line}', check=False).err for line in by_tools(update)]
    assert debs.installed(host) == before
    host.offer([*update.values(), next_release])
    assert leads_back(host, update)
    host.run({re.search('apt-get install .*', text).group() for text in said}.pop().replace('install', 'install -y'))
    assert debs.nova(host) == {name: packages.field(deb, 'Version') for name, deb in update.items()}


def by_tools(update: dict) -> tuple[str, str]:
    """What Puppet and Ansible type where dpkg has no package of the stock library's name, which is to be there."""
    return (f'-q -o DPkg::Options::=--force-confold install {debs.STOCK}',
            '-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold '
            f"install '{debs.STOCK}={packages.field(update[debs.STOCK], 'Version')}'")


def leads_back(host: Host, update: dict) -> bool:
    """Whether the way back that the hook names goes to the stock nova of the day."""
    version = packages.field(update[debs.STOCK], 'Version')
    return f'apt-get install -y {debs.STOCK}={version}' in host.run('nova-cascading uninstall').out


def test_without_a_new_fork_apt_upgrade_stops_and_the_preferences_file_keeps_it_going(make_host, suite, forked, update):
    host = make_host(suite, forked)
    before = debs.installed(host)
    host.offer(update.values())
    done = host.run('apt upgrade -y', check=False)
    assert debs.installed(host) == before
    stops = suite != 'trixie'  # apt 3 keeps back by itself
    assert (done.status != 0, 'Broken packages' in done.out + done.err) == (stops, stops), done
    host.run(f'cp {PREFERENCES} /etc/apt/preferences.d/')
    host.run('apt upgrade -y')
    assert debs.installed(host) == before
    assert leads_back(host, update)
    host.put(packages.stock_debs(suite)[debs.STOCK], '/root/stock.deb')
    assert 'apt-get install -y /root/stock.deb' in host.run('nova-cascading uninstall --from stock.deb').out


def test_after_the_way_back_the_preferences_file_keeps_no_update_of_stock_away(make_host, suite, forked, update):
    host = make_host(suite, forked)
    host.offer(packages.stock_debs(suite).values())
    host.run(f'cp {PREFERENCES} /etc/apt/preferences.d/ && echo "# mine" >> {COPY}')
    assert f'Next, when you have read it: rm {COPY}' in host.run('nova-cascading uninstall').out
    host.run(f'cp {PREFERENCES} /etc/apt/preferences.d/')
    before = debs.installed(host)
    host.run(f'apt-get purge -y {debs.FORK} {debs.STOCK}+')
    assert debs.installed(host) == before, 'docs/debian.md says that this does nothing while the file is there'
    said = host.run('nova-cascading uninstall --yes').out
    assert f'\nrm {COPY}\n' in said and not host.exists(COPY)
    host.offer(update.values())
    host.run('apt-get upgrade -y')
    assert debs.nova(host) == {name: packages.field(deb, 'Version') for name, deb in update.items()}


def test_with_a_new_fork_everything_moves_together(make_host, suite, forked, update, fork_of):
    host = make_host(suite, forked)
    new = packages.library(fork_of(update[debs.STOCK], 1, *debs.DEB))
    host.offer([*update.values(), new])
    together = {*update, debs.FORK} - {debs.STOCK}
    assert [debs.planned(host, command) for command in ('apt-get upgrade', 'apt-get dist-upgrade')] == [together] * 2
    host.run('apt upgrade -y')
    version = packages.field(update[debs.STOCK], 'Version')
    assert debs.nova(host) == {name: f'{version}+cascading1' if name == debs.FORK else version for name in together}


def test_while_the_archive_has_half_of_the_update_no_service_is_lost(make_host, suite, forked, update, fork_of):
    host = make_host(suite, forked)
    new = packages.library(fork_of(update[debs.STOCK], 1, *debs.DEB))
    before = debs.installed(host)
    for missing in ({'nova-conductor'}, update.keys() - {'nova-common'}):
        host.offer([*packages.stock_debs(suite).values(), new,
                    *(path for name, path in update.items() if name not in missing)])
        for command in ('apt-get dist-upgrade', f'apt-get install {debs.FORK}'):
            assert 'try again when the archive is complete' in host.run(f'{command} -y', check=False).err
        host.run('apt-get upgrade -y')
        assert debs.installed(host) == before


def test_the_new_fork_sorts_between_its_stock_and_the_next(suite, update, fork_of):
    versions = [packages.field(deb, 'Version') for deb in (
        packages.stock_debs(suite)[debs.STOCK], packages.library(fork_of(suite, 1, *debs.DEB)),
        packages.library(fork_of(suite, 2, *debs.DEB)), update[debs.STOCK])]
    for lower, higher in zip(versions, versions[1:]):
        subprocess.run(['dpkg', '--compare-versions', lower, 'lt', higher], check=True)
