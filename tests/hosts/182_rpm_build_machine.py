"""A machine of dnf and rpm, with apt as a mere program, as EL and Fedora are: ./build.sh ends in an rpm that installs.

The host is Debian's userspace below an rpm database, so packages with EL's names bring the tools back that it had under
Debian's: what cannot be seen here is whether EL's own tools differ. Needs the network once, for dnf's plugins.
"""

from __future__ import annotations

import shlex
import subprocess
import tempfile

import pytest

from tests.hosts.lib.host import Host
from tests.hosts.lib.packages import PROJECT
from tests.hosts.lib.rpm_host import FORK, is_consistent, novas

SITE = '/usr/lib/python3/dist-packages'
# EL's package -> what it brings.
BROUGHT = {'rpm-build': '/usr/bin/rpmbuild', 'patch': '/usr/bin/patch', 'python3-packaging': f'{SITE}/packaging',
           'python3-devel': '/usr/bin/python3-config', 'dnf-plugins-core': f'{SITE}/dnf-plugins'}
AWAY = '/var/lib/dpkg/status /usr/bin/dpkg-source /usr/bin/dpkg-buildpackage'
SPEC = '''Name: {name}
Version: 1
Release: 1
Summary: what EL calls {name}
License: none
BuildArch: noarch
AutoReqProv: no
%description
x
%install
install -d %{{buildroot}}$(dirname {path})
ln -s /opt/el/{name} %{{buildroot}}{path}
%files
{path}
'''


def bring(host: Host) -> None:
    """Hide the tools, and offer packages that bring them."""
    host.run('mkdir -p /opt/el /srv/el; echo "#!/bin/sh" >/usr/bin/python3-config; chmod 755 /usr/bin/python3-config')
    for name, path in BROUGHT.items():
        host.write(f'/root/{name}.spec', SPEC.format(name=name, path=path))
        host.run(f'rpmbuild -bb --quiet --define "_rpmdir /srv/el" /root/{name}.spec')
    # Debian's package has plugins that change what dnf does (local).
    host.run(f'cd {SITE}/dnf-plugins && ls | grep -vx download.py | xargs rm -rf')
    for name, path in BROUGHT.items():
        host.run(f'mv {path} /opt/el/{name}')
    host.run(f'mkdir /opt/away; for one in {AWAY}; do [ ! -e "$one" ] || mv "$one" /opt/away; done')
    host.run('createrepo_c --quiet /srv/el')
    host.write('/etc/yum.repos.d/el.repo', '[el]\nname=el\nbaseurl=file:///srv/el\ngpgcheck=0\n')


@pytest.fixture(scope='module')
def machine(module_host) -> Host:
    host = module_host('bookworm', 'rpm', online=True)
    host.run('apt-get -qq update; '
             'apt-get -qq install -y --no-install-recommends python3-packaging dnf-plugins-core', timeout=300)
    bring(host)
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(['git', 'clone', '-q', f'file://{PROJECT}', f'{work}/clone'], check=True)
        host.put(f'{work}/clone', '/srv/project')
    return host


def test_a_user_is_told_what_to_install_by_its_name_there(machine):
    machine.run('useradd -m builder')
    done = machine.run("su builder -c '/srv/project/build.sh --to /tmp/none'", check=False)
    assert done.status == 1 and 'dnf install dnf-plugins-core' in done.err, done.err


def test_the_first_command_ends_in_an_rpm_that_installs(machine):
    done = machine.run('cd /srv/project && script -qec ./build.sh /dev/null', timeout=600)
    assert 'rpm only' in done.out and 'takes the place' not in done.err
    assert 'nobody vouches for python3-nova-' in done.out  # the repository here is not signed
    machine.start_mariadb()
    [built] = machine.path('/srv/project/dist').glob('*.noarch.rpm')
    machine.run(f'dnf -y install {shlex.quote(f"/srv/project/dist/{built.name}")}')
    assert novas(machine) == FORK and is_consistent(machine)


def test_a_deb_cannot_be_had_there_and_it_says_so(machine):
    done = machine.run('cd /srv/project && ./build.sh --only deb', check=False)
    assert done.status == 1 and 'Next: ' in done.err and 'Traceback' not in done.err, done.err
