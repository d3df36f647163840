"""Root neither runs, nor signs, nor works where others can write, or put something else in the place of it."""

import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from builder.common import workplace, writers
from builder.common.errors import BuildError
from builder.common.project import PROJECT
from builder.repository import incoming, ownership
from tests import repositories

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason='SKIPPED: needs root, to give things to somebody else')
NOBODY = 65534
ALICE, BOB, DOMAIN_USERS = 60001, 60002, 60004


@pytest.fixture
def known(tmp_path):
    """Runs a command where alice and bob are users, each with a group of their own as `useradd` makes it, and more."""
    if subprocess.run(['unshare', '-m', 'true'], capture_output=True).returncode:
        pytest.skip('SKIPPED: needs root with CAP_SYS_ADMIN, to let other users be known')
    passwd, group, getent = (tmp_path / name for name in ('passwd', 'group', 'getent'))
    passwd.write_text(f'{Path("/etc/passwd").read_text()}alice:x:{ALICE}:{ALICE}::/:/bin/sh\n'
                      f'bob:x:{BOB}:{BOB}::/:/bin/sh\nhalt:x:7:0:as EL has it:/sbin:/sbin/halt\n')
    shutil.copy('/usr/bin/getent', tmp_path / 'real')
    # A group of a directory service, whose users are asked for one by one.
    getent.write_text(f'#!/bin/sh\n[ "$*" != "group {DOMAIN_USERS}" ] || exec echo "domain users:*:{DOMAIN_USERS}:"\n'
                      f'exec {tmp_path}/real "$@"\n')
    getent.chmod(0o755)

    def run(*words, members=''):
        group.write_text(f'{Path("/etc/group").read_text()}alice:x:{ALICE}:{members}\nbob:x:{BOB}:\n')
        script = 'mount --bind "$1" /etc/passwd; mount --bind "$2" /etc/group; mount --bind "$3" /usr/bin/getent\n' \
                 'shift 3; exec "$@"'
        return subprocess.run(['unshare', '-m', 'sh', '-ec', script, 'sh', passwd, group, getent, *words],
                              capture_output=True, text=True)
    return run


@pytest.fixture
def project(tmp_path):
    """A copy of what build.sh runs, that root has made."""
    if os.geteuid() != 0:
        pytest.skip('SKIPPED: needs root, who is the one that build.sh protects')
    copy = tmp_path / 'project'
    copy.mkdir(mode=0o755)
    for name in ('builder', 'installation'):
        shutil.copytree(PROJECT / name, copy / name, ignore=shutil.ignore_patterns('__pycache__'))
    shutil.copy2(PROJECT / 'build.sh', copy)
    for path in [copy, *copy.rglob('*')]:
        path.chmod(0o755 if path.is_dir() or path.name == 'build.sh' else 0o644)
    return copy


def owned(path, uid, gid):
    for one in [path, *path.rglob('*')]:
        os.chown(one, uid, gid)


def list_access(path):
    """What `setfacl -m u:nobody:rw` makes: the mode shows it as the rights of the group, which is root's here."""
    nobody = 0xffffffff
    entries = (1, 7, nobody), (2, 7, 65534), (4, 5, nobody), (16, 7, nobody), (32, 5, nobody)
    packed = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in entries)
    try:
        os.setxattr(path, 'system.posix_acl_access', packed)
    except OSError:
        pytest.skip('SKIPPED: needs a file system with access lists')


@pytest.mark.parametrize('spoil', [
    lambda project: (project / 'builder/cli.py').chmod(0o666),
    lambda project: (project / 'builder/source').chmod(0o777),
    lambda project: project.chmod(0o1777),
    lambda project: os.chown(project / 'builder/cli.py', 65534, 0),
    lambda project: [os.chown(project / 'builder', 0, 100), (project / 'builder').chmod(0o775)],
    lambda project: list_access(project / 'builder/cli.py'),
], ids=['file', 'directory', 'sticky', 'owner', 'group', 'access list'])
def test_root_does_not_build_with_what_others_can_write_and_the_way_out_works(project, spoil):
    spoil(project)
    done = subprocess.run([project / 'build.sh', '--help'], capture_output=True, text=True)
    assert done.returncode == 1 and f'can write {project}' in done.stderr, done
    subprocess.run(['sh', '-c', done.stderr.partition('then: ')[2]], check=True)
    assert subprocess.run([project / 'build.sh', '--help'], capture_output=True).returncode == 0


@pytest.mark.parametrize(('spoil', 'says'), [
    (lambda above: above.chmod(0o777), 'everybody can write {0}'),
    (lambda above: [os.chown(above, 0, 65534), above.chmod(0o775)], 'can write {0}, and so replace'),
    (list_access, 'somebody in its access list can write {0}'),
    (lambda above: os.chown(above, 65534, 0), 'nobody owns {0}')], ids=['everybody', 'group', 'access list', 'owner'])
def test_root_does_not_build_where_others_can_put_another_tree(project, tmp_path, spoil, says):
    spoil(tmp_path)
    done = subprocess.run([project / 'build.sh', '--help'], capture_output=True, text=True)
    assert done.returncode == 1 and says.format(tmp_path) in done.stderr
    subprocess.run(['sh', '-c', re.split('or: |that user: ', done.stderr)[1]], check=True)
    assert subprocess.run([project / 'build.sh', '--help'], capture_output=True).returncode == 0


@pytest.mark.parametrize('spoil', [lambda above: [os.chown(above, 0, 0), above.chmod(0o775)],
                                   lambda above: [os.chown(above, 0, 60003), above.chmod(0o2775)],
                                   lambda above: above.chmod(0o1777), lambda above: os.chown(above, 60001, 60001)],
                         ids=['the group root', 'a group of nobody', 'as /tmp', 'of who typed sudo'])
def test_root_builds_where_only_believed_users_can_put_another_tree(project, tmp_path, spoil):
    spoil(tmp_path)
    sudo = {**os.environ, 'SUDO_UID': '60001'}
    assert subprocess.run([project / 'build.sh', '--help'], capture_output=True, env=sudo).returncode == 0


def test_a_link_is_followed_and_its_own_directory_is_none_of_ours(project, tmp_path):
    bin = tmp_path / 'bin'
    bin.mkdir()
    os.chown(bin, 65534, 65534)
    (bin / 'nova-build').symlink_to(project / 'build.sh')
    done = subprocess.run([bin / 'nova-build', '--help'], capture_output=True, text=True)
    assert done.returncode == 0 and 'usage: ./build.sh' in done.stdout


def test_a_copy_without_its_project_names_no_other_directory_to_change(project, tmp_path):
    (tmp_path / 'home').mkdir(mode=0o777)
    shutil.copy2(project / 'build.sh', tmp_path / 'home')
    done = subprocess.run([tmp_path / 'home/build.sh', '--help'], capture_output=True, text=True)
    assert done.returncode == 1 and 'builder/ is missing' in done.stderr and 'chown' not in done.stderr


@pytest.mark.parametrize(('uid', 'gid', 'modes'), [(0, 0, 0o775), (60001, 60001, 0o775),
                                                   (60001, 60002, 0o755), (1, 1, 0o775)])
def test_a_clone_of_roots_or_of_a_users_own_is_built_whatever_its_umask_was(project, uid, gid, modes):
    owned(project, uid, gid)
    for path in project.rglob('*'):
        path.chmod(modes if path.is_dir() else modes & ~0o111 | 0o100)
    assert subprocess.run(['sh', project / 'build.sh', '--help'], capture_output=True).returncode == 0


# What umask 002 leaves in a clone; the group may have been given to others since.
@pytest.mark.parametrize(('group', 'members', 'builds'), [
    (ALICE, '', True), (ALICE, 'alice,root', True), (ALICE, 'bob', False), (BOB, '', False), (DOMAIN_USERS, '', False)],
    ids=['of her own', 'with herself', 'with bob in it', 'of bob', 'of a directory service'])
def test_a_group_is_the_owners_own_as_long_as_nobody_else_is_in_it(project, known, group, members, builds):
    owned(project, ALICE, group)
    for path in [project, *project.rglob('*')]:
        path.chmod(0o775)
    done = known(project / 'build.sh', '--help', members=members)
    assert (done.returncode == 0) == builds, done
    assert builds or f'can write {project}' in done.stderr


def test_the_group_root_counts_as_root_though_el_has_other_accounts_in_it(project, tmp_path, known):
    for path in (tmp_path, project, project / 'builder'):
        os.chown(path, 0, 0)
        path.chmod(0o775)
    assert known(project / 'build.sh', '--help').returncode == 0
    code = f'from builder.common import workplace; raise SystemExit(workplace.problem("{tmp_path}") or 0)'
    done = known('env', '-C', PROJECT, sys.executable, '-c', code)
    assert done.returncode == 0, done.stderr
    done = known('sh', '-euc', '. "$1"; me=0; in_group 0', 'sh', PROJECT / 'installation/common.sh')
    assert (done.returncode, done.stdout) == (0, ''), 'nobody else'


def test_a_clone_that_sudo_git_pull_has_changed_is_still_that_of_who_typed_sudo(project, known):
    """With the umask 002; what git wrote anew is root's, build.sh among it."""
    owned(project, ALICE, ALICE)
    for path in [project, *project.rglob('*')]:
        path.chmod(0o775)
    os.chown(project / 'build.sh', 0, 0)
    sudo = ['env', f'SUDO_UID={ALICE}', project / 'build.sh', '--help']
    assert known(*sudo).returncode == 0
    assert known(project / 'build.sh', '--help').returncode == 1
    assert known(*sudo, members='bob').returncode == 1
    os.chown(project / 'builder/cli.py', BOB, BOB)
    said = known(*sudo).stderr
    assert f'can write {project}/builder/cli.py' in said and f'then: chown -R {ALICE} ' in said


def test_a_directory_above_is_not_written_by_a_group_that_nobody_can_list(project, tmp_path, known):
    os.chown(tmp_path, 0, DOMAIN_USERS)
    tmp_path.chmod(0o775)
    done = known(project / 'build.sh', '--help')
    assert done.returncode == 1
    assert f'the group domain users, of which this host cannot list all, can write {tmp_path}' in done.stderr


# A group, its members, those whose own group it is, who is called like it (with his group), and whether all are known.
@pytest.mark.parametrize(('local', 'members', 'own', 'namesake', 'others'), [
    (True, [], [], None, None), (True, ['bob'], [], None, 'group team'), (True, [], ['bob'], None, 'group team'),
    (True, ['gone'], [], None, None), (False, [], [], None, 'of which this host cannot list all'),
    (False, [], [], ('alice', 77), None), (False, [], [], ('alice', 100), 'cannot list all'),
    (False, [], [], ('bob', 77), 'cannot list all'), (False, ['bob'], [], ('alice', 77), 'group team')])
def test_who_is_in_a_group_is_asked_of_every_source(monkeypatch, tmp_path, local, members, own, namesake, others):
    """Users of a directory service are not listed, but can be asked for by their names."""
    uids = {'alice': os.geteuid() or ALICE, 'bob': BOB}
    users = {name: SimpleNamespace(pw_name=name, pw_uid=uid, pw_gid=77 if name in own else 100)
             for name, uid in uids.items()}
    if namesake:
        users['team'] = SimpleNamespace(pw_name='team', pw_uid=uids[namesake[0]], pw_gid=namesake[1])
    monkeypatch.setattr(writers.trust, '_known_members', {})
    monkeypatch.setattr(writers.trust, '_is_local', lambda gid: local)
    monkeypatch.setattr(writers.trust.grp, 'getgrgid', lambda gid: SimpleNamespace(gr_name='team', gr_mem=members))
    monkeypatch.setattr(writers.trust.pwd, 'getpwnam', lambda name: users[name])
    monkeypatch.setattr(writers.trust.pwd, 'getpwall', lambda: [users[name] for name in own])
    found = SimpleNamespace(st_uid=0, st_gid=77, st_mode=0o40775)
    said = writers.trust._writers(str(tmp_path), found, {0, uids['alice']})
    assert said is None if others is None else others in said


@pytest.mark.parametrize(('mode', 'owner', 'group', 'serves'), [
    (0o700, -1, -1, True), (0o1777, -1, -1, True), (0o777, -1, -1, False),
    pytest.param(0o775, -1, -1, True, marks=needs_root),  # a user's group may be that of others, as nobody's is
    pytest.param(0o775, -1, NOBODY, False, marks=needs_root), pytest.param(0o755, NOBODY, -1, False, marks=needs_root)])
def test_nothing_is_built_and_run_where_others_can_exchange_it(tmp_path, mode, owner, group, serves):
    tmp_path.chmod(mode)
    os.chown(tmp_path, owner, group)
    assert (workplace.problem(str(tmp_path)) == '') == serves


def below(place, monkeypatch):
    (place / 'home/work').mkdir(parents=True)
    os.chown(place / 'home', NOBODY, -1)
    return place / 'home/work'


def behind_a_link(place, monkeypatch):
    (place / 'work').mkdir()
    (place / 'link').symlink_to('work')
    os.chown(place / 'link', NOBODY, -1, follow_symlinks=False)
    return place / 'link'


def below_who_typed_sudo(place, monkeypatch):
    monkeypatch.setenv('SUDO_UID', str(NOBODY))
    return below(place, monkeypatch)


@needs_root
@pytest.mark.parametrize(('place', 'whose'), [(below, 'home'), (behind_a_link, 'link'), (below_who_typed_sudo, '')])
def test_whoever_owns_the_way_to_a_place_can_exchange_it(tmp_path, monkeypatch, place, whose):
    work = place(tmp_path, monkeypatch)
    said = workplace.problem(str(work))
    assert f'{tmp_path / whose} belongs to the user nobody' in said if whose else said == ''
    for repository in (work, work / 'not/yet/there'):
        if whose:
            with pytest.raises(BuildError, match=f'{tmp_path / whose} belongs to the user nobody: what others put'):
                ownership.refuse_open(repository)
        else:
            ownership.refuse_open(repository)


@needs_root
def test_the_version_is_found_without_a_place_of_others(tmp_path, monkeypatch):
    """git is asked for it, with settings in a temporary HOME."""
    work = below(tmp_path, monkeypatch)
    before = work.stat().st_mtime_ns
    subprocess.run([PROJECT / 'build.sh', '--version'], env={**os.environ, 'TMPDIR': str(work)}, check=True)
    assert work.stat().st_mtime_ns == before


def test_who_typed_sudo_is_known_to_the_builder(tmp_path):
    code = 'import os; from builder.common import environment, writers; environment.settle(); print(writers.believed())'
    done = subprocess.run([sys.executable, '-c', code], cwd=PROJECT, env={**os.environ, 'SUDO_UID': '60009'},
                          capture_output=True, text=True)
    assert '60009' in done.stdout


@needs_root
@pytest.mark.parametrize('spoil', [
    lambda folder, deb: folder.chmod(0o777), lambda folder, deb: deb.chmod(0o666),
    lambda folder, deb: [os.chown(folder, -1, NOBODY), folder.chmod(0o775)],
    lambda folder, deb: [folder.chmod(0o1777), os.chown(deb, NOBODY, -1)],
    lambda folder, deb: [(folder / 'x.deb').symlink_to(deb),
                         os.chown(folder / 'x.deb', NOBODY, -1, follow_symlinks=False)],
], ids=['folder', 'file', 'group', 'sticky', 'link'])
def test_a_package_that_somebody_else_can_have_put_into_a_directory_is_published_by_its_name_only(tmp_path, spoil):
    folder = tmp_path / 'dist'
    deb = repositories.deb(folder, 1)
    assert [package.path for package in incoming.collect([folder], None, named=False)] == [deb]
    spoil(folder, deb)
    for named in (True, False):
        with pytest.raises(BuildError, match='what others put into .* would be signed') as refused:
            incoming.collect([folder], None, named=named)
        assert 'publish FILE' in refused.value.hint
    assert [package.path for package in incoming.collect([deb], None)] == [deb]


@needs_root
def test_who_names_a_directory_knows_whose_it_is_and_who_names_none_does_not(tmp_path):
    deb = repositories.deb(tmp_path / 'dist', 1)
    owned(tmp_path / 'dist', NOBODY, NOBODY)
    assert [package.path for package in incoming.collect([tmp_path / 'dist'], None, named=True)] == [deb]
    with pytest.raises(BuildError, match='dist belongs to the user nobody'):
        incoming.collect([tmp_path / 'dist'], None, named=False)
