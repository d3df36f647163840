"""What is signed was made by us: nothing planted is taken up, nobody else can write, and every user can read."""

import json
import os
import subprocess
import sys

import pytest

from builder.common.errors import BuildError
from builder.common.files import deliver, sha256
from builder.repository import check, isolated, keys, ownership
from builder.repository.state import State
from tests import repositories
from tests.repositories import Publisher

TRUSTY, YUM = 'icehouse-trusty', 'icehouse-el7'


def refused(repo, words, *says):
    before = {path: path.read_bytes() for path in repo.root.rglob('*') if path.is_file() and not path.is_symlink()}
    done = repo(*words, check=False)
    assert done.returncode == 1, done.stdout
    assert 'Traceback' not in done.stdout and 'Next:' in done.stdout
    for text in says:
        assert text in done.stdout
    after = {path: path.read_bytes() for path in repo.root.rglob('*') if path.is_file() and not path.is_symlink()}
    assert after == before


def found(repo):
    """What publish and what verify say of a tree."""
    now = json.loads((repo.root / 'state.json').read_text())['time']
    ours = keys.trusted([])
    return list(ownership.changes(repo.root, [key.fingerprint for key in ours])), check.problems(repo.root, ours, now)


@pytest.mark.parametrize('path', [
    'dists/zed-bookworm/main/binary-amd64/Packages', 'dists/zed-bookworm/main/binary-all/Packages',
    'dists/icehouse-trusty-testing/main/source/Sources', 'yum/zed-el9/repodata/repomd.xml',
    'yum/zed-el9/packages/evil.rpm', 'pool/main/e/evil.deb', '.htaccess'])
def test_a_planted_file_is_found(repo, inside, path):
    (repo.root / path).parent.mkdir(parents=True, exist_ok=True)
    (repo.root / path).write_text('Package: evil\nFilename: pool/main/e/evil.deb\n')
    for said in found(repo):
        assert said == [f'{path}: a file that the publisher did not put there']


def test_a_planted_index_is_not_signed(repo, tmp_path):
    """Before a suite's first publish there is no index of ours, and a planted one would be the cache."""
    planted = repo.root / 'dists/zed-bookworm/main/binary-amd64/Packages'
    planted.parent.mkdir(parents=True)
    planted.write_text('Package: evil\nFilename: pool/main/e/evil.deb\n')
    deb = repositories.any_deb(tmp_path, 'python3-nova-cascading', '2:26.2.2-1+cascading1')
    refused(repo, ['publish', deb], 'binary-amd64/Packages: a file that the publisher did not put there')


@pytest.mark.parametrize('plant', [
    lambda root: (root / 'dists/new').symlink_to('/etc'),
    lambda root: (root / 'pool/link.deb').symlink_to('/etc/passwd'),
    lambda root: (next((root / f'yum/{YUM}/states').glob('*')) / 'more').symlink_to('../../packages'),
    lambda root: relink(next((root / f'yum/{YUM}/states').glob('*/packages')), '/etc'),
    lambda root: os.mkfifo(root / 'pool/pipe'),
], ids=['directory', 'file', 'another place', 'another target', 'pipe'])
def test_links_and_pipes_are_found_and_never_followed(repo, inside, plant):
    plant(repo.root)
    for said in found(repo):
        assert len(said) == 1
        assert 'link that leads elsewhere' in said[0] or 'thing that is no file' in said[0]


def relink(path, target):
    path.unlink()
    path.symlink_to(target)


@pytest.mark.parametrize('text', [
    '', '[' * 100000, '{"suites": {"../../x": {"family": "deb", "packages": {}, "withdrawn": {}}}}',
    '{"suites": {}, "keys": [], "time": 0, "valid_days": 180, "url": ""}'])
def test_a_planted_state_is_not_believed(tmp_path, home, text):
    """Beside planted indexes, and with no signature of ours."""
    repo = Publisher(tmp_path / 'repo', home)
    packages = repo.root / 'dists/icehouse-trusty/main/binary-amd64/Packages'
    packages.parent.mkdir(parents=True)
    packages.write_text('Package: evil\n')
    (repo.root / 'state.json').write_text(text, encoding='latin-1')
    refused(repo, ['publish', repositories.deb(tmp_path / 'in', 1)], 'no good signature by a key of yours')
    refused(repo, ['verify'], 'signature')


@pytest.mark.parametrize('path', ['/etc/passwd', '../x.deb', 'pool/../../x.deb', 'pool/a b.deb', 'pool/a\nb.deb', ''])
def test_a_state_names_nothing_outside_its_tree(tmp_path, path):
    entry = {'name': 'a', 'version': '1', 'arch': 'all', 'files': {path: '0'}, 'date': 0, 'given': ''}
    suite = {'family': 'deb', 'time': 0, 'packages': {path: entry}, 'withdrawn': {}}
    (tmp_path / 'state.json').write_text(json.dumps({'suites': {'icehouse-trusty': suite}}))
    with pytest.raises(BuildError, match='no name within the tree'):
        State.load(tmp_path)


@pytest.mark.parametrize('text', [
    '', '[]', '[' * 100000, '{"suites": 1}', '{"suites": {"../x": {"family": "deb", "packages": {}, "withdrawn": {}}}}',
    '\xff', '{"suites": {}, "time": "now"}', '{"suites": {}, "keys": "all"}', '{"suites": {}, "more": 1}'])
def test_an_odd_state_is_an_error_that_says_so(tmp_path, text):
    (tmp_path / 'state.json').write_text(text, encoding='latin-1')
    with pytest.raises(BuildError, match='is damaged, or of a newer version'):
        State.load(tmp_path)


def test_a_state_of_the_version_before_is_read(tmp_path):
    entry = {'name': 'a', 'version': '1', 'arch': 'all', 'files': {'pool/a.deb': '0'}, 'date': 0, 'given': ''}
    suite = {'family': 'deb', 'time': 0, 'packages': {'pool/a.deb': entry}, 'withdrawn': {}}
    (tmp_path / 'state.json').write_text(json.dumps(
        {'suites': {'icehouse-trusty': suite}, 'url': '', 'keys': [], 'time': 1, 'valid_days': 180}))
    assert State.load(tmp_path).suites['icehouse-trusty'].packages['pool/a.deb'].stock == ''


def test_a_tree_that_a_stranger_signed_is_not_signed_again(repo, tmp_path, home):
    """Though his public key is in the keyring: whoever sends a key must not become a publisher."""
    with repositories.gnupg() as other:
        stranger = Publisher(tmp_path / 'theirs', other)
        theirs = repositories.make_key(other, 'Stranger <s@example.org>')
        stranger('publish', repositories.deb(tmp_path / 'in', 1), '--key', theirs)
        gpg = ['gpg', '--batch', '-q', '--import', stranger.root / 'nova-cascading.asc']
        subprocess.run(gpg, env=repo.environment(), check=True, capture_output=True)
    refused(Publisher(stranger.root, home), ['publish', '--refresh'], 'no good signature by a key of yours')


@pytest.mark.parametrize(('where', 'mode'), [('repo', 0o777), ('repo', 0o1777), ('.', 0o777)])
def test_a_directory_that_others_can_write_is_refused(repo, where, mode):
    (repo.root.parent if where == '.' else repo.root).chmod(mode)
    refused(repo, ['publish', '--refresh'], 'can be written by everybody', 'chmod go-w')


@pytest.mark.skipif(os.geteuid() != 0, reason='SKIPPED: needs root, to give a directory to another user')
def test_a_directory_of_somebody_else_is_refused(repo):
    os.chown(repo.root, 65534, 65534)
    refused(repo, ['publish', '--refresh'], 'belongs to')


def test_a_lock_that_leads_elsewhere_is_not_opened(repo):
    lock = repo.root.parent / f'.{repo.root.name}.lock'
    lock.unlink(missing_ok=True)
    (repo.root.parent / 'precious').write_text('precious')
    lock.symlink_to('precious')
    refused(repo, ['publish', '--refresh'], 'cannot be opened')
    assert (repo.root.parent / 'precious').read_text() == 'precious'


@pytest.mark.parametrize('words', [
    ['--suite', '../../x'], ['--suite', 'a b'], ['--url', 'http://x/$(id)'], ['--url', "http://x/'"],
    ['--url', 'https://user:s3cret@x/nc'], ['--valid-days', '0'], ['--valid-days', '-1']])
def test_words_that_end_in_paths_and_shell_lines_are_checked(repo, words):
    done = repo('publish', '--refresh', *words, check=False)
    assert done.returncode == 2 and 's3cret' not in done.stdout
    assert repo('verify').returncode == 0


@pytest.mark.parametrize(('remembered', 'again'), [
    ({'url': 'https://user:s3cret@x/nc'}, ['--url', repositories.URL]), ({'valid_days': 0}, ['--valid-days', '180'])])
def test_what_an_earlier_version_let_in_is_not_published_again(repo, inside, remembered, again):
    state, listing = repo.root / 'state.json', repo.root / 'SHA256SUMS'
    before, now = json.loads(state.read_text()), sha256(state)
    state.write_text(json.dumps({**before, **remembered}, sort_keys=True))
    listing.write_text(listing.read_text().replace(now, sha256(state)))
    (repo.root / 'SHA256SUMS.asc').write_bytes(keys.sign(listing.read_bytes(), before['keys'], before['time'] + 1))
    refused(repo, ['publish', '--refresh'], 'remembers', f'--to {repo.root} --refresh {again[0]}')
    assert 's3cret' not in repo('publish', '--refresh', check=False).stdout
    repo('publish', '--refresh', *again)
    assert 's3cret' not in (repo.root / 'index.html').read_text()


def test_a_directory_whose_name_is_no_text_serves_as_well(tmp_path, home):
    repo = Publisher(tmp_path / 'caf\udce9', home)  # é in ISO-8859-1
    repo('publish', repositories.deb(tmp_path / 'in', 1), *repositories.rpms(tmp_path / 'in', 1))
    assert repo('verify').returncode == 0
    assert json.loads((repo.root / 'state.json').read_text())['url'].endswith('/caf%E9')


def test_a_package_that_names_a_path_is_refused(repo, tmp_path):
    """Its Source becomes a directory of the pool."""
    root = tmp_path / 'root'
    (root / 'DEBIAN').mkdir(parents=True)
    (root / 'DEBIAN/control').write_text(
        'Package: python-nova-cascading\nSource: ../../../../etc\nVersion: 1:2014.1.5-0ubuntu1+cascading3\n'
        'Architecture: all\nMaintainer: x <x@example.org>\nDescription: x\n')
    subprocess.run(['dpkg-deb', '-Zgzip', '--nocheck', '-b', root, tmp_path / 'odd.deb'], check=True,
                   capture_output=True)
    refused(repo, ['publish', tmp_path / 'odd.deb'], 'has an odd name or version')


def test_packages_in_dist_are_readable_under_any_umask(tmp_path):
    built = [tmp_path / 'a.deb', tmp_path / 'nova-cascading-preflight']
    for path in built:
        path.write_text('x')
    built[1].chmod(0o755)
    before = os.umask(0o077)
    try:
        paths = deliver(built, tmp_path / 'dist')
    finally:
        os.umask(before)
    assert [oct(path.stat().st_mode & 0o777) for path in [tmp_path / 'dist', *paths]] == ['0o755', '0o644', '0o755']


def test_every_user_can_read_what_was_published_under_any_umask(repo, tmp_path):
    """Also what an older publish left unreadable."""
    next(repo.root.glob('pool/**/*.deb')).chmod(0o600)
    said = repo('verify', check=False).stdout
    assert '(mode 0600): not for every user to read' in said and 'or publish again if this is the origin' in said
    deb = repositories.deb(tmp_path / 'in', 2)
    subprocess.run(['sh', '-c', 'umask 077; exec "$@"', 'sh', *repo.command('publish', deb)], check=True,
                   env=repo.environment(), capture_output=True)
    modes = {oct(path.stat().st_mode & 0o777) for path in [repo.root, *repo.root.rglob('*')] if not path.is_symlink()}
    assert modes == {'0o755', '0o644'}
    repo('verify')


FOREIGN = '''armor
textmode
local-user nobody@example.org
default-key nobody@example.org
cert-digest-algo SHA1
digest-algo SHA1
comment "hello"
throw-keyids
sig-notation a@example.org=b
no-default-keyring
trust-model direct
keyid-format none
with-fingerprint
no-groups
'''
MACROS = '''%_rpmfilename %%{NAME}.rpm
%_gpg_name Nobody
%__gpg /bin/false
%_gpg_path /nonexistent
%__gpg_sign_cmd /bin/false
%_topdir /nonexistent/x
%_tmppath /nonexistent/y
%_binary_payload w19.zstdio
%packager Somebody
%dist .mine
%_query_all_fmt %{NAME}
%_dbpath /nonexistent/z
'''


# What an administrator sets for all rpms that are made on a machine.
ETC_RPM = '%vendor Somebody\n%distribution Mine\n%_rpmfilename x.rpm\n%_binary_payload w19.zstdio\n'
OVERLAID = ['unshare', '-m', 'sh', '-ec', 'mount -t overlay overlay -o "lowerdir=$0:/etc" /etc; exec "$@"']


def test_nothing_of_the_user_s_configuration_changes_a_byte(first, tmp_path):
    """gpg.conf, rpmmacros, apt's configuration and the environment, of every kind that once broke a publish."""
    foreign, etc = tmp_path / 'home', tmp_path / 'etc'
    (etc / 'rpm').mkdir(parents=True)
    (etc / 'rpm/macros.mine').write_text(ETC_RPM)
    overlaid = [*OVERLAID, str(etc)]
    if subprocess.run([*overlaid, 'true'], capture_output=True).returncode:  # not root, or without CAP_SYS_ADMIN
        overlaid = []
    (foreign / '.config/rpm').mkdir(parents=True)
    for name, text in (('.rpmmacros', MACROS), ('.config/rpm/macros', MACROS), ('.rpmrc', 'optflags: x -O9\n'),
                       ('.dpkg.cfg', 'no-such-option\n'), ('apt.conf', 'APT::FTPArchive::SHA256 "false";\n'
                                                           'APT::FTPArchive::Packages::SHA256 "false";\n')):
        (foreign / name).write_text(text)
    settings = {'HOME': str(foreign), 'APT_CONFIG': str(foreign / 'apt.conf'), 'DPKG_DEB_COMPRESSOR_TYPE': 'zstd',
                'GREP_OPTIONS': '-v', 'TAR_OPTIONS': '--verbose', 'XZ_OPT': '-9e', 'LANG': 'de_DE.UTF-8',
                'RPM_CONFIGDIR': '/nonexistent', 'LANGUAGE': 'de'}
    debs, rpms = repositories.deb(tmp_path / 'in', 2), repositories.rpms(tmp_path / 'in', 2)
    trees = []
    later = str(json.loads((first.root / 'state.json').read_text())['time'] + 5)
    for name, more in (('plain', {}), ('foreign', settings)):
        repo = first.copy(tmp_path / name)
        conf = repo.home / 'gpg.conf'
        conf.write_text(FOREIGN if more else '')
        try:
            # Another address makes the packages with the keys anew, too.
            words = [*overlaid * bool(more), *repo.command('publish', debs, *rpms, '--url', f'{repositories.URL}/2')]
            subprocess.run(words, env=repo.environment(SOURCE_DATE_EPOCH=later, **more), check=True,
                           capture_output=True)
            repo('verify', **more)
        finally:
            conf.unlink()
        trees.append({str(path.relative_to(repo.root)): path.read_bytes() for path in repo.root.rglob('*')
                      if path.is_file()})
    assert [name for name in trees[0].keys() | trees[1].keys() if trees[0].get(name) != trees[1].get(name)] == []


def test_a_tool_s_home_is_no_place_that_could_hold_settings(monkeypatch):
    monkeypatch.setenv('GIT_DIR', '/x')
    assert isolated.run(['sh', '-c', 'mkdir -p "$HOME/x" 2>/dev/null; ls -d "$HOME"; echo "${GIT_DIR-none}"']) == \
        '/dev/null\nnone\n'


def test_a_passphrase_is_asked_for_at_the_terminal_of_the_command():
    ours, theirs = os.openpty()
    code = 'from builder.repository import isolated; print(isolated.environment().get("GPG_TTY"))'
    without = {name: value for name, value in os.environ.items() if name != 'GPG_TTY'}
    for stdin, expected in ((theirs, os.ttyname(theirs)), (subprocess.DEVNULL, 'None')):
        done = subprocess.run([sys.executable, '-c', code], cwd=repositories.PROJECT, stdin=stdin, env=without,
                              capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected
    os.close(ours)
    os.close(theirs)


def test_a_repository_on_a_medium_without_links_verifies(repo, monkeypatch):
    for path in list(repo.root.rglob('*')):
        if path.is_symlink():
            path.unlink()
    monkeypatch.setenv('GNUPGHOME', str(repo.home))
    keys.export.cache_clear()
    now = json.loads((repo.root / 'state.json').read_text())['time']
    assert check.problems(repo.root, keys.trusted([]), now) == []
