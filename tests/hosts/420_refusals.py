"""What the installer refuses on a real system before it changes anything: packaged trees, full and read-only disks."""

from __future__ import annotations

import subprocess

import pytest

from tests.hosts.lib import rpm, unpackaged  # noqa: F401  registers the layer with rpm
from tests.installer_bed import ADDED, PREFLIGHT, STOCK, Bed, fork_of

PARENT, STATE = '/opt/my stack', '/var/lib/nova-cascading/installer'
FILL = b'''
try:
    open('/opt/my stack/filler', 'wb').write(b'0' * (64 << 20))
except EnvironmentError:
    pass
'''


@pytest.fixture
def bed(tmp_path):
    return Bed(tmp_path)


@pytest.fixture
def prepared(host, bed):
    put(host, bed)
    return host


def put(host, bed):
    host.put(bed.parent, PARENT)
    host.put(bed.bundle, '/srv/bundle')


def install(host, *words, as_user='root'):
    user = f'setpriv --reuid {as_user} --clear-groups env NOVA_TEST_CALLS=/dev/null'
    options = f"--nova-parent '{PARENT}' --python /usr/bin/python3 {' '.join(words)}"
    return host.run(f'{user} sh /srv/bundle/installation/install.sh {options}', check=False)


def tree(host):
    place = host.path(PARENT)
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob('*') if path.is_file()}


def refused(host, done, *reasons):
    assert done.status == 1, done.out + done.err
    assert all(reason in done.err for reason in reasons), done.err
    assert {path: content for path, content in tree(host).items() if path != 'filler'} == STOCK


def test_a_tree_that_dpkg_owns_and_the_package_to_install_instead(host, bed, tmp_path):
    package = tmp_path / 'package'
    (package / 'DEBIAN').mkdir(parents=True)
    (package / 'DEBIAN/control').write_text('Package: python3-nova\nVersion: 1\nArchitecture: all\n'
                                            'Maintainer: nobody <nobody@example.org>\nDescription: a small nova\n')
    subprocess.run(['cp', '-a', bed.parent, package / 'opt'], check=True)
    (package / 'opt').rename(package / 'my stack')
    (package / 'opt').mkdir()
    (package / 'my stack').rename(package / 'opt/my stack')
    subprocess.run(['dpkg-deb', '-b', package, tmp_path / 'nova.deb'], check=True, capture_output=True)
    host.put(tmp_path / 'nova.deb', '/srv/nova.deb')
    host.run('dpkg -i /srv/nova.deb')
    host.put(bed.bundle, '/srv/bundle')
    refused(host, install(host), 'python3-nova of dpkg', 'apt-get install python3-nova-cascading')


def test_a_tree_that_rpm_owns_and_the_package_to_install_instead(make_host, bed):
    host = make_host('bookworm', 'rpm')
    host.put(bed.bundle, '/srv/bundle')
    parent = host.run('rpm -ql python3-nova | sed -n s,/nova/__init__.py$,,p | head -n 1').out.strip()
    before = unpackaged.fingerprint(host, f'{parent}/nova/db')
    done = install(host, f'--nova-parent {parent}')
    assert (done.status, 'python3-nova of rpm' in done.err) == (1, True)
    assert 'dnf install python3-nova-cascading' in done.err
    assert unpackaged.fingerprint(host, f'{parent}/nova/db') == before


def test_a_read_only_file_system(prepared):
    done = prepared.run(f"mount --bind '{PARENT}' '{PARENT}' && mount -o remount,ro,bind '{PARENT}'", check=False)
    assert done.status == 0, done.err
    refused(prepared, install(prepared), 'read-only file system')


def test_a_read_only_place_for_the_journal(prepared):
    prepared.run('mkdir -p /var/lib/nova-cascading && mount -t tmpfs -o ro none /var/lib/nova-cascading')
    refused(prepared, install(prepared), 'journal cannot be written')


def test_a_disk_without_room(host, bed):
    host.run(f"mkdir -p '{PARENT}' && mount -t tmpfs -o size=128k none '{PARENT}'")
    put_inside(host, bed)
    refused(host, install(host), 'KiB free')


def put_inside(host, bed):
    """Copy the tree by a command in the host, which sees the mounts that were made there."""
    host.put(bed.parent, '/srv/tree')
    host.put(bed.bundle, '/srv/bundle')
    host.run(f"cp -a /srv/tree/. '{PARENT}/'")


@pytest.mark.parametrize('mount', [PARENT, STATE], ids=['tree', 'journal'])
def test_a_disk_that_fills_up_midway_undoes_everything(host, bed, tmp_path, mount):
    """The bundle's own preflight check, which runs after the installer looked for room, fills the disk."""
    fill = FILL.replace(PARENT.encode(), mount.encode())
    fork = fork_of(tmp_path / 'filling', {**ADDED, 'nova/cascading/host/preflight.py': PREFLIGHT + fill})
    bed.bundle = bed.unpack(fork, 'filling')
    host.run(f"mkdir -p '{mount}' && mount -t tmpfs -o size=2m none '{mount}'")
    put_inside(host, bed)
    done = install(host)
    assert done.status == 1
    assert 'No space left on device' in done.err and 'Every file is what it was before' in done.err
    assert listed(host) == sorted(STOCK)
    host.run(f"rm '{mount}/filler'")
    assert 'nothing is installed' in host.run('sh /srv/bundle/installation/uninstall.sh').out


def listed(host):
    found = host.run(f"cd '{PARENT}' && find . -type f -not -name filler | sort").out
    return [line[2:] for line in found.splitlines()]


def test_a_user_who_may_not(prepared):
    refused(prepared, install(prepared, as_user='nobody'), 'journal cannot be written', 'sudo')


def test_a_user_who_may_write_a_journal_but_not_the_tree(prepared):
    prepared.run('install -d -o nobody /srv/journal')
    done = install(prepared, '--state-dir /srv/journal', as_user='nobody')
    refused(prepared, done, 'cannot be written by uid', 'sudo')


def test_a_users_own_bundle_is_run_and_what_a_group_has_added_to_it_is_not(prepared):
    """alice unpacks it with the umask 002 of her own group, then shares it with bob's."""
    host, bundle = prepared, '/home/alice/bundle'
    host.run('groupadd team && useradd -g team bob && useradd -m alice && chmod 755 /home/alice && '
             f'cp -r /srv/bundle {bundle} && chmod -R g+w {bundle} && chown -R alice: {bundle}')
    sudo = f"SUDO_UID=$(id -u alice) sh {bundle}/installation/install.sh --nova-parent '{PARENT}' " \
           '--python /usr/bin/python3 --no-db --dry-run'
    assert 'would add' in host.run(sudo).out
    host.run(f'chgrp -R team {bundle}; cd {bundle}/installation/installer && setpriv --reuid bob --regid team '
             "--clear-groups sh -c 'echo \"raise SystemExit(99)\" >optparse.py'")
    refused(host, host.run(sudo, check=False), f'bob can write {bundle}/', 'unpack the bundle anew')
    host.run(f'chmod -R g-w {bundle}; chown -R root: {bundle}')
    refused(host, host.run(sudo, check=False), 'its checksums do not know', 'optparse.py')


def test_what_is_found_depends_on_no_current_directory(prepared):
    """A nova/ in the current directory, such as the bundle's own, is not the one the host runs."""
    done = prepared.run('cd /srv/bundle && sh installation/install.sh --no-db', check=False)
    assert (done.status, 'no Python of this host has a nova' in done.err) == (1, True)
