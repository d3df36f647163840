"""Whatever contains a nova becomes a tree; whatever does not says why, and writes nothing outside."""

import shutil
import subprocess
import tarfile
import zipfile

import pytest

from builder.common.files import sha256
from builder.source import unpack
from builder.source.obtain import obtain
from tests import fakenova
from tests.source_bed import crafted, pack, refused

pytestmark = pytest.mark.usefixtures('sources')


@pytest.mark.parametrize('name', ['nova-26.3.0.tar.gz', 'nova.tar.xz', 'any.tar.bz2', 'n.tgz'])
def test_a_tarball(tmp_path, name):
    tree = obtain(str(pack(tmp_path, name)), tmp_path / 'work')
    assert tree.version == '26.3.0' and (tree.path / 'nova/objects/instance.py').is_file()
    assert f'{name} (sha256 {sha256(tmp_path / name)})' in tree.origin


def test_a_zip(tmp_path):
    fakenova.write(tmp_path / 'nova-26.3.0', '26.3.0')
    with zipfile.ZipFile(tmp_path / 'nova.zip', 'w') as archive:
        for path in (tmp_path / 'nova-26.3.0').rglob('*'):
            archive.write(path, path.relative_to(tmp_path))
    assert obtain(str(tmp_path / 'nova.zip'), tmp_path / 'work').version == '26.3.0'


def test_a_directory_is_used_where_it_is(tmp_path):
    tree = obtain(str(fakenova.write(tmp_path / 'here', '12.0.6')), tmp_path / 'work')
    assert tree.path == tmp_path / 'here' and tree.version == '12.0.6'


def test_a_git_checkout_knows_its_commit_and_its_tag(tmp_path):
    path = fakenova.write(tmp_path / 'checkout')
    (path / 'PKG-INFO').unlink()
    git = ['git', '-C', str(path), '-c', 'user.name=t', '-c', 'user.email=t@example.org']
    for words in (['init', '-q'], ['add', '-A'], ['commit', '-qm', 'x'], ['tag', '-a', '14.0.3', '-m', 'x']):
        subprocess.run([*git, *words], check=True)
    tree = obtain(str(path), tmp_path / 'work')
    head = subprocess.run([*git, 'rev-parse', 'HEAD'], capture_output=True, text=True).stdout.strip()
    assert (tree.version, tree.origin) == ('14.0.3', f'{path} (commit {head})')
    assert 'is not what was released as 14.0.3' in tree.modified


def debian_package(tmp_path):
    root = tmp_path / 'deb'
    fakenova.write(root / 'usr/lib/python3/dist-packages', '26.2.2')
    (root / 'usr/share').mkdir()
    (root / 'usr/share/absolute').symlink_to('/etc/hostname')
    (root / 'DEBIAN').mkdir()
    (root / 'DEBIAN/control').write_text('Package: python3-nova\nVersion: 2:26.2.2-1~deb12u5\nArchitecture: all\n'
                                         'Maintainer: T <t@example.org>\nDepends: python3:any,\n sudo\n'
                                         'Description: x\n y\n')
    subprocess.run(['dpkg-deb', '-b', '-Zgzip', root, tmp_path / 'p.deb'], check=True, stdout=subprocess.DEVNULL)
    return tmp_path / 'p.deb'


def test_a_debian_package_is_the_stock_it_stands_in_for(tmp_path):
    tree = obtain(str(debian_package(tmp_path)), tmp_path / 'work')
    assert (tree.version, tree.stock.name, tree.stock.version, tree.stock.family) == (
        '26.2.2', 'python3-nova', '2:26.2.2-1~deb12u5', 'deb')
    assert 'sudo' in tree.stock.fields['Depends'] and tree.python == 3
    assert not list((tmp_path / 'work').rglob('absolute'))


@pytest.mark.parametrize('where', [0.6, 0.9])
def test_a_debian_package_with_tampered_content_is_refused(tmp_path, where):
    assert 'p.deb' in refused(tmp_path, tampered(debian_package(tmp_path), where))


def tampered(path, where):
    """Another byte at a place between 0 (the start) and 1 (the end)."""
    content = bytearray(path.read_bytes())
    content[int(len(content) * where)] ^= 0xff
    path.write_bytes(content)
    return path


def rpmbuild(tmp_path, words, spec):
    if not shutil.which('rpmbuild'):
        pytest.skip('SKIPPED: needs rpmbuild: apt-get install rpm')
    (tmp_path / 'n.spec').write_text(spec)
    subprocess.run(['rpmbuild', '--quiet', '--define', f'_topdir {tmp_path}/top', '--define', f'_sourcedir {tmp_path}',
                    *words, tmp_path / 'n.spec'], check=True, capture_output=True)
    return next((tmp_path / 'top').rglob('*.rpm'))


SPEC = '''Name: {name}
Version: 27.1.0
Release: 2.el9
Epoch: 1
Summary: x
License: x
BuildArch: noarch
Requires: python3-oslo-db >= 10
%description
x
'''


def rpm_package(tmp_path):
    site = 'usr/lib/python3.9/site-packages'
    fakenova.write(tmp_path / 'files', '27.1.0')
    spec = SPEC.format(name='python3-nova') + '%global __brp_python_bytecompile true\n' \
        f'%install\nmkdir -p %buildroot/{site}\ncp -r {tmp_path}/files/nova %buildroot/{site}/\n%files\n/{site}/nova\n'
    return rpmbuild(tmp_path, ['-bb'], spec)


def test_an_rpm_is_the_stock_it_stands_in_for(tmp_path):
    tree = obtain(str(rpm_package(tmp_path)), tmp_path / 'work')
    assert (tree.version, tree.stock.version, tree.stock.family) == ('27.1.0', '1:27.1.0-2.el9', 'rpm')
    assert 'python3-oslo-db >= 10' in tree.stock.fields['Requires']


def test_a_tampered_rpm_is_refused(tmp_path):
    path = tampered(rpm_package(tmp_path), 0.9)
    assert path.name in refused(tmp_path, path)


FIX = '--- a/nova/__init__.py\n+++ b/nova/__init__.py\n@@ -0,0 +1 @@\n+fixed = 1\n'


def test_a_source_rpm_has_its_patches_applied_in_order(tmp_path):
    pack(tmp_path, 'nova-27.1.0.tar.gz', '27.1.0', 'nova-27.1.0')
    (tmp_path / 'first.patch').write_text(FIX)
    (tmp_path / 'second.patch').write_text(FIX.replace('-0,0', '-1').replace('+fixed = 1', '-fixed = 1\n+fixed = 2'))
    spec = SPEC.format(name='openstack-nova').replace('Summary', 'Source0: nova-27.1.0.tar.gz\nPatch1: second.patch\n'
                                                      'Patch0: first.patch\nSummary') + \
        '%package -n python3-nova\nSummary: x\n%description -n python3-nova\nx\n%prep\n%autosetup -n nova-27.1.0\n'
    tree = obtain(str(rpmbuild(tmp_path, ['-bs'], spec)), tmp_path / 'work')
    assert (tree.path / 'nova/__init__.py').read_text() == 'fixed = 2\n'
    assert (tree.stock.name, tree.stock.version) == ('python3-nova', '1:27.1.0-2.el9')


def debian_source(tmp_path):
    path = fakenova.write(tmp_path / 'nova-26.2.2', '26.2.2')
    for name, text in {'source/format': '3.0 (quilt)\n', 'rules': '#!/usr/bin/make -f\n%:\n\ttrue\n',
                       'control': 'Source: nova\nMaintainer: T <t@example.org>\nStandards-Version: 4.6.2\n\n'
                                  'Package: nova-common\nArchitecture: all\nDescription: x\n\n'
                                  'Package: python3-nova\nArchitecture: all\nDescription: x\n',
                       'changelog': 'nova (2:26.2.2-1) unstable; urgency=low\n\n  * x\n\n'
                                    ' -- T <t@example.org>  Thu, 01 Jan 2026 00:00:00 +0000\n',
                       'patches/series': 'fix.patch\n', 'patches/fix.patch': FIX}.items():
        (path / 'debian' / name).parent.mkdir(parents=True, exist_ok=True)
        (path / 'debian' / name).write_text(text)
    with tarfile.open(tmp_path / 'nova_26.2.2.orig.tar.gz', 'w:gz') as archive:
        archive.add(path, 'nova-26.2.2', filter=lambda info: None if '/debian' in info.name else info)
    subprocess.run(['dpkg-source', '-b', path], cwd=tmp_path, check=True, capture_output=True)
    shutil.rmtree(path)
    return tmp_path / 'nova_26.2.2-1.dsc'


def test_a_debian_source_package_has_its_patches_applied(tmp_path):
    tree = obtain(str(debian_source(tmp_path)), tmp_path / 'work')
    assert (tree.path / 'nova/__init__.py').read_text() == 'fixed = 1\n'
    assert (tree.stock.name, tree.stock.version) == ('python3-nova', '2:26.2.2-1')


def test_a_source_package_whose_tarball_is_missing_says_so(tmp_path):
    dsc = debian_source(tmp_path)
    (tmp_path / 'nova_26.2.2.orig.tar.gz').unlink()
    text = refused(tmp_path, dsc)
    assert 'nova_26.2.2.orig.tar.gz' in text and 'get all files' in text


def test_a_tampered_source_package_is_refused(tmp_path):
    dsc = debian_source(tmp_path)
    with (tmp_path / 'nova_26.2.2.orig.tar.gz').open('r+b') as stream:
        stream.seek(30)
        stream.write(b'evil')
    assert 'nova_26.2.2.orig.tar.gz' in refused(tmp_path, dsc)


@pytest.mark.parametrize('suffix', ['gz', 'xz', 'bz2'])
def test_a_truncated_tarball_is_refused(tmp_path, suffix):
    path = pack(tmp_path, f'nova.tar.{suffix}')
    path.write_bytes(path.read_bytes()[:-200])
    assert f'{path} is damaged' in refused(tmp_path, path)


@pytest.mark.parametrize('name', ['x.tar.gz', 'x.zip', 'x.deb', 'x.rpm', 'x.src.rpm', 'x.dsc'])
@pytest.mark.parametrize('content', [b'', b'not an archive at all\n' * 100])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert name in refused(tmp_path, tmp_path / name)


def test_a_byte_changed_in_a_tarball_is_noticed(tmp_path):
    assert 'is damaged' in refused(tmp_path, tampered(pack(tmp_path, 'nova.tar.gz'), 0.5))


FILE, LINK, HARD, DIR = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE


@pytest.mark.parametrize('members', [
    [('../evil', FILE, '')], [('/tmp/evil', FILE, '')], [('a/../../evil', FILE, '')], [('a', LINK, '/etc')],
    [('a', LINK, '../..')], [('a', HARD, '/etc/passwd')], [('a', HARD, '../evil')],
    [('d', DIR, ''), ('d/up', LINK, '..'), ('d/out', LINK, 'up/..'), ('d/out/evil', FILE, '')],
    [('a', LINK, 'b'), ('b', LINK, '../evil'), ('a', FILE, '')],
])
def test_an_archive_that_climbs_out_is_refused(tmp_path, members):
    outside = set(tmp_path.iterdir())
    text = refused(tmp_path, crafted(tmp_path / 'evil.tar.gz', *members))
    assert 'leads out of it' in text and 'evil.tar.gz' in text
    assert {path.name for path in tmp_path.iterdir()} - {path.name for path in outside} == {'evil.tar.gz', 'work'}


def test_a_file_does_not_write_through_a_link(tmp_path):
    members = [('in', FILE, ''), ('a', LINK, 'in'), ('a', FILE, '')]
    assert 'leads out' in refused(tmp_path, crafted(tmp_path / 'x.tar.gz', *members))


def test_a_zip_that_climbs_out_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / 'x.zip', 'w') as archive:
        archive.writestr('../evil', 'x')
    assert 'leads out' in refused(tmp_path, tmp_path / 'x.zip')


def test_links_devices_and_modes_inside_do_no_harm(tmp_path):
    crafted(tmp_path / 'x.tar.gz', ('d', DIR, ''), ('d/f', FILE, ''), ('l', LINK, 'd/f'), ('h', HARD, 'd/f'),
            ('pipe', tarfile.FIFOTYPE, ''))
    (tmp_path / 'to').mkdir()
    unpack.tar(tmp_path / 'x.tar.gz', tmp_path / 'to')
    assert sorted(path.name for path in (tmp_path / 'to').rglob('*')) == ['d', 'f', 'h', 'l']
    assert (tmp_path / 'to/l').read_text() == (tmp_path / 'to/h').read_text() == 'x'


def test_no_nova_in_it(tmp_path):
    crafted(tmp_path / 'other.tar.gz', ('other/nova/__init__.py', FILE, ''))
    assert 'holds no nova' in refused(tmp_path, tmp_path / 'other.tar.gz')


def test_two_novas_in_it(tmp_path):
    for name in 'ab':
        fakenova.write(tmp_path / 'both' / name)
    assert 'several novas' in refused(tmp_path, tmp_path / 'both')


def test_no_version_in_it(tmp_path):
    path = fakenova.write(tmp_path / 'plain')
    (path / 'PKG-INFO').unlink()
    assert 'does not tell its version' in refused(tmp_path, path)
    path.rename(tmp_path / 'nova-2014.1.5')
    assert obtain(str(tmp_path / 'nova-2014.1.5'), tmp_path / 'work').version == '2014.1.5'
