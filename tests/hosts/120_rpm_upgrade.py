"""The fork's own upgrades arrive by `dnf upgrade`; the vendor's erratum waits for a fork of it, and all others go on.

dnf is as EL8 and later have it: best=True.
"""

import pytest

from tests.hosts.lib.rpm_host import FORK, MAPPING, evr, fork, is_consistent, map_an_instance, mapping, novas, offer

ERRATUM = '1:26.3.0-2'
# Somebody else's package, to be updated beside nova: its two versions go where stock nova's do.
OTHER = r'''
for number in 1 2; do
    printf 'Name: other\nVersion: 1\nRelease: %s\nSummary: x\nLicense: x\nBuildArch: noarch\n%%description\n%%files\n' \
        $number >/root/other.spec
    to=/srv/stock; [ $number -eq 1 ] || to=/srv/erratum
    rpmbuild --quiet -bb --define "_rpmdir $to" /root/other.spec
    rm -r $to/repodata
    createrepo_c --quiet $to
done
dnf -q clean all
dnf -y install other
'''


# What RDO did in Pike (a service goes, by an Obsoletes of another package), and a stranger's package with such a name.
DROPPED = r'''
make() {
    printf 'Name: openstack-nova-%s\nEpoch: 1\nVersion: %s\nRelease: %s\n%s\n' "$2" "$3" "$4" "${5:-}" >/root/a.spec
    printf 'Summary: x\nLicense: x\nBuildArch: noarch\n%%description\n%%files\n' >>/root/a.spec
    rpmbuild --quiet -bb --define "_rpmdir $1" /root/a.spec
}
make /srv/stock cert 26.3.0 1
make /srv/stock anything 1 1
make /srv/erratum anything 2 1
make /srv/erratum metadata 26.3.0 2 'Obsoletes: openstack-nova-cert < 1:26.3.0-2'
for to in /srv/stock /srv/erratum; do createrepo_c --quiet $to; done
dnf -q clean all
dnf -y install openstack-nova-cert openstack-nova-anything
'''

# What dnf's versionlock does with `versionlock add 'openstack-nova-*'`, in a directory that is read after ours.
LOCK = """
import dnf

class Lock(dnf.Plugin):
    name = 'lock'

    def __init__(self, base, cli):
        super().__init__(base, cli)
        self.base = base

    def sack(self):
        self.base.sack.add_excludes(self.base.sack.query().available().filter(
            name__glob='openstack-nova-*', release='2'))
"""


@pytest.fixture
def host(make_host):
    """A host with the fork of the first stock version, one mapping, and the vendor's erratum on offer."""
    host = make_host('bookworm', 'rpm')
    host.start_mariadb()
    offer(host, fork())
    host.run('dnf -y install python3-nova-cascading')
    map_an_instance(host)
    host.run(OTHER)
    host.run("sed -i 's/^best=.*/best=True/' /etc/dnf/dnf.conf")  # the default of EL8 and later
    assert 'best=True' in host.read('/etc/dnf/dnf.conf')
    return host


def test_a_newer_fork_upgrades(host):
    offer(host, fork(revision=2))
    done = host.run('dnf -y upgrade')
    assert evr(host, 'python3-nova-cascading') == '1:26.3.0-1.cascading2'
    assert 'nothing to do' in done.out
    assert is_consistent(host)
    assert mapping(host) == MAPPING


def test_an_erratum_without_a_fork_of_it_waits_and_no_other_update_does(host):
    assert 'waits until both' in host.run('dnf --assumeno distrosync --enablerepo=erratum', check=False).err
    done = host.run('dnf -y upgrade --enablerepo=erratum')
    assert f'{ERRATUM} of nova waits until both' in done.err
    assert evr(host, 'other') == '1-2'
    host.run('rm -rf /etc/yum.repos.d/fork.repo; dnf -y upgrade --enablerepo=erratum')
    assert {evr(host, name) for name in FORK - {'python3-nova-cascading'}} == {'1:26.3.0-1'}
    assert evr(host, 'python3-nova-cascading') == '1:26.3.0-1.cascading1'
    assert is_consistent(host)


def test_an_erratum_and_its_fork_arrive_together(host):
    host.run(DROPPED)
    offer(host, fork(stock=ERRATUM))
    assert 'waits' not in host.run('dnf -y upgrade --enablerepo=erratum').err
    assert evr(host, 'other') == '1-2'
    assert {evr(host, name) for name in FORK - {'python3-nova-cascading'}} == {ERRATUM}
    assert evr(host, 'python3-nova-cascading') == f'{ERRATUM}.cascading1'
    assert novas(host) == FORK | {'openstack-nova-metadata', 'openstack-nova-anything'}
    assert evr(host, 'openstack-nova-anything') == '1:2-1'
    assert is_consistent(host)
    assert mapping(host) == MAPPING


def test_a_fork_that_is_there_before_the_vendors_erratum_waits_and_no_other_update_does(host):
    offer(host, fork(stock=ERRATUM))
    host.run('mkdir /srv/others && cp -r /srv/erratum/noarch /srv/others && createrepo_c -q /srv/others')
    host.write('/etc/yum.repos.d/others.repo', '[others]\nname=others\nbaseurl=file:///srv/others\ngpgcheck=0\n')
    host.run('dnf -y upgrade')
    assert evr(host, 'other') == '1-2'
    assert evr(host, 'python3-nova-cascading') == '1:26.3.0-1.cascading1'
    assert is_consistent(host)


def test_nor_does_a_version_lock_on_the_services_stop_other_updates(host):
    offer(host, fork(stock=ERRATUM))
    host.write('/root/later/lock.py', LOCK)
    folders = host.run("python3 -IB -c 'import dnf.const; print(dnf.const.PLUGINPATH)'").out.strip()
    host.run(f"sed -i '$apluginpath={folders},/root/later' /etc/dnf/dnf.conf")
    done = host.run('dnf -v -y upgrade --enablerepo=erratum')
    assert 'lock, ' in done.out and f'{ERRATUM} of nova waits' in done.err
    assert evr(host, 'other') == '1-2'
    assert evr(host, 'python3-nova-cascading') == '1:26.3.0-1.cascading1'
