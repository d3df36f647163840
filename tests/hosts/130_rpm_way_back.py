"""Back to stock and forward again: no mapping is lost, and the services that run, run what is installed."""

import re

import pytest

from tests.hosts.lib.rpm_host import (
    FORK,
    MAPPING,
    SITE,
    STOCK,
    fork,
    is_consistent,
    map_an_instance,
    mapping,
    novas,
    offer,
)
from tests.hosts.lib.services import do_without_bus

GATE = '/usr/lib/systemd/system/openstack-nova-conductor.service.d'


@pytest.fixture(scope='module')
def host(module_host):
    """A booted host with the fork, a running conductor, and one mapping."""
    host = module_host('bookworm', 'rpm')
    do_without_bus(host)
    host.boot()
    offer(host, fork())
    host.run('dnf -y install python3-nova-cascading')
    host.service('openstack-nova-conductor').start()
    map_an_instance(host)
    return host


@pytest.mark.parametrize('way', ['dnf -y history undo last', 'nova-cascading uninstall --yes'])
def test_back_and_forward_again(host, way):
    conductor = host.service('openstack-nova-conductor')
    forked = conductor.pid
    host.run(way)
    assert novas(host) == STOCK
    assert is_consistent(host)
    assert conductor.is_active and conductor.pid != forked
    assert not host.exists(GATE) and not host.exists(f'{SITE}/nova/cascading')
    assert mapping(host) == MAPPING

    host.run('dnf -y upgrade')
    assert novas(host) == STOCK

    stock = conductor.pid
    host.run('dnf -y install python3-nova-cascading')
    assert novas(host) == FORK
    assert conductor.is_active and conductor.pid != stock
    assert mapping(host) == MAPPING


def test_without_yes_the_way_back_is_only_told_and_its_line_does_it(host):
    told = host.run('nova-cascading uninstall').out
    assert novas(host) == FORK
    [line] = [line for line in told.splitlines() if line.startswith('    ')]
    assert '--allowerasing' not in line
    host.run(line)
    assert novas(host) == STOCK
    host.run('dnf -y install python3-nova-cascading')


# What a host may look like that cannot go back just now; each with what makes it so and what puts it right again.
STATES = {
    'repository gone': ('mv /etc/yum.repos.d/stock.repo /root', 'mv /root/stock.repo /etc/yum.repos.d'),
    'another version on offer': ('sed -i s,/srv/stock,/srv/erratum, /etc/yum.repos.d/stock.repo',
                                 'sed -i s,/srv/erratum,/srv/stock, /etc/yum.repos.d/stock.repo'),
    'download fails': ('mkdir /srv/away; mv /srv/stock/*/python3-nova-[0-9]*.rpm /srv/stock/python3-nova-[0-9]*.rpm '
                       '/srv/away 2>/dev/null || :', 'mv /srv/away/* /srv/stock; rmdir /srv/away'),
    'stock held': ('echo exclude=python3-nova >>/etc/dnf/dnf.conf', 'sed -i /^exclude=/d /etc/dnf/dnf.conf'),
}
# Settings that make a `remove` of the fork alone out of an exchange, and an answer out of no question.
HOSTILE = 'strict=0\nskip_broken=1\nassumeyes=1\ncolor=always'
WAYS = ('nova-cascading uninstall', 'nova-cascading uninstall --yes', 'dnf -y history undo last',
        'dnf swap -y --setopt=strict=1 --setopt=install_weak_deps=0 --setopt=clean_requirements_on_remove=0 '
        '--setopt=tsflags= --setopt=assumeno=0 python3-nova-cascading python3-nova-1:26.3.0-1.noarch')


@pytest.mark.parametrize('state', STATES)
def test_where_stock_cannot_come_nothing_goes_and_the_exit_status_says_so(host, state):
    spoil, mend = STATES[state]
    host.run(f"cp /etc/dnf/dnf.conf /root; printf '{HOSTILE}\n' >>/etc/dnf/dnf.conf; dnf -q clean all; {spoil}")
    done = [(way, host.run(way, check=False).status, novas(host)) for way in WAYS]
    host.run(f'{mend}; mv /root/dnf.conf /etc/dnf; dnf -q clean all')
    foreseen = [0] if state == 'download fails' else [1]
    assert [status for _, status, _ in done] == foreseen + [1, 1, 1]
    assert [there for _, _, there in done] == [FORK] * len(WAYS)


def test_a_file_takes_the_place_of_a_repository(host):
    host.run('mv /etc/yum.repos.d/stock.repo /root')
    refused = host.run('nova-cascading uninstall --yes', check=False)
    assert 'nova-cascading uninstall --yes --from python3-nova-26.3.0-1.noarch.rpm' in refused.err
    conductor = host.service('openstack-nova-conductor')
    forked = conductor.pid
    host.run('nova-cascading uninstall --yes --from /srv/stock')
    host.run('mv /root/stock.repo /etc/yum.repos.d')
    assert novas(host) == STOCK
    assert is_consistent(host)
    assert conductor.is_active and conductor.pid != forked
    host.run('dnf -y install python3-nova-cascading')


SPEC = '''Name: {name}
Epoch: 1
Version: 26.3.0
Release: 1
Summary: a package of the tests
License: Apache-2.0
BuildArch: noarch
{relations}
%description
A package.
%files
'''


def test_what_stock_requires_must_be_there_first_and_what_it_recommends_stays_away(host):
    """As after `dnf autoremove`, where the fork was made from a release and requires something else."""
    for name, relations in (('companion', ''), ('once-there', 'Provides: it = 2'),
                            ('python3-nova', 'Requires: it >= 2\nRecommends: companion')):
        host.write('/root/a.spec', SPEC.format(name=name, relations=relations))
        host.run('rpmbuild -bb --quiet --define "_rpmdir /srv/needing" a.spec')
    host.run('createrepo_c --quiet /srv/needing; dnf -q clean all; mv /etc/yum.repos.d/stock.repo /root')
    host.write('/etc/yum.repos.d/needing.repo', '[needing]\nname=n\nbaseurl=file:///srv/needing\ngpgcheck=0\n')
    back = 'nova-cascading uninstall --from /srv/needing/noarch'
    assert 'dnf install once-there, then run this again' in host.run('nova-cascading uninstall', check=False).err
    refused = host.run(f'{back} --yes', check=False)
    assert (refused.status, novas(host)) == (1, FORK)
    host.run(re.search(r"dnf install '.*?'", refused.err).group().replace('install', 'install -y'))
    assert 'rpm -i' in host.run(back).out
    swap = 'dnf swap --assumeno python3-nova-cascading python3-nova-1:26.3.0-1'
    assert 'Installing weak dependencies:\n companion' in host.run(swap, check=False).out
    assert 'dnf swap -y' in host.run('nova-cascading uninstall').out
    host.run('rpm -e once-there; rm /etc/yum.repos.d/needing.repo; mv /root/stock.repo /etc/yum.repos.d')


def test_a_stock_library_that_is_asked_for_by_name_says_nothing_and_does_nothing(host):
    """Why `nova-cascading uninstall` exists: the fork provides the name, so dnf has nothing to do."""
    assert 'Nothing to do' in host.run('dnf -y install python3-nova').out
    assert novas(host) == FORK
