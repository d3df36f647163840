"""What apt plans for a new release of Debian: nova and the fork move together, or the hook stops it; never neither.

The plans are of the real archives, and not carried out; docs/release-upgrades.md says what was.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.hosts.lib import debs, packages, repository
from tests.hosts.lib.host import Host

NEXT = {'bullseye': 'bookworm', 'bookworm': 'trixie'}
GUARD = f'/usr/share/{debs.FORK}/apt-guard'
OFFER = '/srv/next'
OURS_ONLY = '-o Dir::Etc::sourcelist=sources.list.d/next.list -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0'
# The archive may be newer than the packages that the new fork was made of.
PREFERENCES = 'Package: nova-* python3-nova\nPin: origin ""\nPin-Priority: 990\n'


@pytest.fixture(scope='module', params=NEXT)
def day(request, module_host, fork_of) -> SimpleNamespace:
    """A controller with its release's fork, whose sources name the next release; that one's nova and fork."""
    old, new = request.param, NEXT[request.param]
    host: Host = module_host(old, 'next-release')
    debs.leave_uncompiled(host)
    host.run('crudini --set /etc/nova/nova.conf cascading auto_migrate false')
    host.put(packages.library(fork_of(old, 1, *debs.DEB)), '/root/old.deb')
    host.run('dpkg -B -i /root/old.deb')
    fork = packages.library(fork_of(new, 1, *debs.DEB))
    host.put(fork, '/root/new.deb')
    return SimpleNamespace(host=host, stock=list(packages.stock_debs(new).values()), fork=fork)


def offer(host: Host, offered: list[Path]) -> None:
    """Let apt see these beside the next release."""
    repository.put(host, offered, OFFER)
    host.write('/etc/apt/preferences.d/next', PREFERENCES)
    host.write('/etc/apt/sources.list.d/next.list', f'deb [trusted=yes] file:{OFFER} ./\n')
    host.run(f'apt-get update {OURS_ONLY}')


def planned(host: Host, command: str) -> dict[str, str]:
    """What an apt command would do: package -> its line for the hook, in protocol 3 (apt.conf(5))."""
    lines, heading = {}, ''
    # In a tenth of the time of apt-get -s, which walks through each step. Its status is 1: it was not carried out.
    for line in host.run(f'{command} -V --assume-no', check=False).out.splitlines():
        heading = heading if line.startswith(' ') else line
        step = re.match(r'   (\S+) \((\S+)(?: => (\S+))?\)', line)
        if step and re.search('REMOVED|NEW|will be upgraded', heading):
            name, first, last = step.groups()
            lines[name] = f'{name} {first} all none > - - none **REMOVE**' if 'REMOVED' in heading else \
                f'{name} {first if last else "-"} all none < {last or first} all none /root/new.deb'
    assert len(lines) > 100
    return lines


def verdict(host: Host, command: str, plan: dict[str, str]) -> str:
    """What the installed fork's hook says of a plan; '' where it lets apt go on."""
    text = f'VERSION 3\nCommandLine::AsString={command.replace(" ", "%20")}\n\n' + '\n'.join(plan.values()) + '\n'
    done = host.run(f'sh {GUARD}', input=text, check=False)
    assert done.status == (10 if done.err else 0), done.err
    return done.err


def of_nova(plan: dict[str, str]) -> set[str]:
    return {name for name in plan if 'nova' in name and name != 'python3-novaclient'}


def test_without_a_fork_of_the_next_nova_it_is_stopped(day):
    offer(day.host, day.stock)
    first = 'apt-get upgrade --without-new-pkgs'
    plan = planned(day.host, first)
    assert (of_nova(plan), verdict(day.host, first, plan)) == (set(), '')
    plan = planned(day.host, 'apt-get full-upgrade')
    assert 'python3' in plan
    assert 'name the suite of the new release' in verdict(day.host, 'apt-get full-upgrade', plan)
    back = day.host.run('nova-cascading uninstall', check=False)
    assert (back.status, 'nor a newer one of its series' in back.err) == (1, True), 'it would bring the next release'


def test_with_stock_an_update_ahead_of_the_fork_it_is_stopped(day, tmp_path):
    version = packages.field(day.stock[0], 'Version')
    behind = packages.rewritten(day.fork, tmp_path / 'behind.deb', version, f'{version}~')
    offer(day.host, [*day.stock, behind])
    plan = planned(day.host, 'apt-get full-upgrade')
    assert 'Nothing was changed' in verdict(day.host, 'apt-get full-upgrade', plan)
    shown = day.host.run('apt-cache policy python3-nova-cascading nova-common').out
    ours, theirs = re.findall(r'Candidate: (\S+)', shown)
    assert not ours.startswith(f'{theirs}+')


@pytest.mark.parametrize('as_file', [False, True])
def test_with_the_fork_of_the_next_nova_all_of_nova_moves_with_it(day, as_file):
    offer(day.host, day.stock if as_file else [*day.stock, day.fork])
    command = 'apt-get full-upgrade' + (' /root/new.deb' if as_file else '')
    plan = planned(day.host, command)
    assert of_nova(plan) == {path.name.split('_')[0] for path in [*day.stock, day.fork]} - {debs.STOCK}
    assert [name for name in of_nova(plan) if 'REMOVE' in plan[name]] == []
    assert verdict(day.host, command, plan) == ''


def test_who_names_the_old_release_again_goes_back_to_its_stock_nova(day):
    day.host.run("find /etc/apt \\( -name '*.sources' -o -name sources.list \\) -delete")
    offer(day.host, list(packages.stock_debs(day.host.suite).values()))
    day.host.run('nova-cascading uninstall --yes')
    assert debs.nova(day.host).keys() == packages.stock_debs(day.host.suite).keys()
