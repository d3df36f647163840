"""publish, promote and withdraw: what goes where, what stays, and what is refused."""

import gzip
import json
import subprocess
import time
from xml.etree import ElementTree

import pytest

from tests import repositories
from tests.repositories import EL7, UBUNTU, Publisher

TRUSTY = 'icehouse-trusty'
YUM = 'icehouse-el7'


@pytest.fixture(scope='module')
def home():
    with repositories.gnupg() as home:
        yield home


@pytest.fixture(scope='module')
def given(tmp_path_factory):
    """Directories of packages: revision -> both families, source packages too."""
    top = tmp_path_factory.mktemp('given')
    for revision in (1, 2):
        repositories.deb(top / str(revision), revision)
        repositories.rpms(top / str(revision), revision)
        repositories.source(top / str(revision), revision)
    return {revision: top / str(revision) for revision in (1, 2)}


@pytest.fixture(scope='module')
def first(tmp_path_factory, home, given):
    """A repository that holds revision 1, not to be changed."""
    publisher = Publisher(tmp_path_factory.mktemp('first') / 'repo', home)
    publisher.said = publisher('publish', given[1], '--url', repositories.URL).stdout
    return publisher


def rpms_offered(publisher, suite):
    metadata = publisher.root / f'yum/{suite}/repodata'
    repomd = ElementTree.parse(metadata / 'repomd.xml')
    primary = next(data for data in repomd.iter() if data.get('type') == 'primary')
    href = next(part.get('href') for part in primary if part.get('href'))
    text = gzip.decompress((publisher.root / f'yum/{suite}' / href).read_bytes()).decode()
    return {part.get('href').split('/')[-1] for part in ElementTree.fromstring(text).iter() if part.get('href')}


def test_the_first_publish_makes_an_rsa_key_in_the_gnupg_home_and_nowhere_else(first, home):
    assert 'making a signing key' in first.said
    key = repositories.gpg(home, '--with-colons', '--list-secret-keys').splitlines()[0].split(':')
    assert key[2:4] == ['4096', '1'], '4096 bits, algorithm 1: RSA'
    public = repositories.gpg(home, '--show-keys', '--with-colons', first.root / 'nova-cascading.asc')
    assert public.startswith('pub:')
    assert not [path for path in first.root.rglob('*') if path.is_file() and b'PRIVATE KEY' in path.read_bytes()]


def test_every_package_goes_to_the_suite_that_its_version_says(first):
    packages = first.offered(TRUSTY)
    assert f'Version: {UBUNTU.format(1)}\n' in packages
    assert 'Package: nova-cascading-archive-keyring\n' in packages
    sources = (first.root / f'dists/{TRUSTY}/main/source/Sources').read_text()
    assert 'Package: python-nova-cascading\n' in sources
    names = rpms_offered(first, YUM)
    assert {f'python-nova-cascading-2014.1.5-{EL7.format(1)}.{arch}.rpm' for arch in ('noarch', 'src')} < names
    assert any(name.startswith('nova-cascading-release-') for name in names)


def test_what_is_published_verifies(first):
    assert 'every signature and hash good' in first('verify').stdout


def test_old_clients_find_what_they_need(first):
    release = (first.root / f'dists/{TRUSTY}/Release').read_text()
    assert '\nSHA256:\n' in release
    for path in ('main/binary-amd64/Packages.gz', 'main/binary-i386/Packages.gz', 'main/source/Sources.gz'):
        assert f' {path}\n' in release
        assert (first.root / f'dists/{TRUSTY}' / path).exists()
    assert (first.root / f'dists/{TRUSTY}/Release.gpg').exists()
    keyring = next(first.root.glob('pool/main/n/*/*.deb'))
    members = subprocess.run(['ar', 't', keyring], capture_output=True, text=True, check=True).stdout
    assert members.split() == ['debian-binary', 'control.tar.gz', 'data.tar.gz']


def maintainer_of(path):
    words = ['dpkg-deb', '--field', path, 'Maintainer'] if path.suffix == '.deb' \
        else ['rpm', '-qp', '--nosignature', '--qf', '%{PACKAGER}', path]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_the_maintainer_who_is_set_stands_in_the_packages_with_the_keys(repo):
    before = set(repo.root.rglob('*'))
    repo('publish', '--refresh', DEBFULLNAME='Jane', DEBEMAIL='jane@example.org')
    added = [path for path in repo.root.rglob('*') if path not in before and path.suffix in ('.deb', '.rpm')]
    said = {path.suffix: maintainer_of(path) for path in added}
    assert said == dict.fromkeys(('.deb', '.rpm'), 'Jane <jane@example.org>')
    repo('verify')


def test_links_stay_within_the_tree_wherever_it_is_copied(first):
    links = {str(path.readlink()) for path in first.root.rglob('*') if path.is_symlink()}
    assert links == {'../../packages'}


def test_a_yum_client_is_led_to_metadata_that_never_changes(repo, given):
    def address():
        return (repo.root / f'yum/{YUM}/mirrorlist').read_text().splitlines()[0]

    def held(address):
        folder = repo.root / address.split('/nc/')[1]
        return {path.name: path.read_bytes() for path in (folder / 'repodata').iterdir()}

    before = address()
    files = held(before)
    assert {'repomd.xml', 'repomd.xml.asc'} < files.keys()
    repo('publish', given[2])
    assert address() != before
    assert held(before) == files


def test_hosts_with_yum_3_see_at_once_what_was_published(first):
    """It keeps metadata for six hours and a mirrorlist for a day, on which our addresses of states stand."""
    [release] = (first.root / f'yum/{YUM}/packages').glob('nova-cascading-release-*.rpm')
    text = subprocess.run(f'rpm2archive - <{release} | tar -xzO --wildcards "*.repo"', shell=True, check=True,
                          capture_output=True, text=True).stdout
    assert text.count('\nmetadata_expire=900\nmirrorlist_expire=900\n') == 2


def test_testing_is_promoted_to_stable(repo, given):
    repo('publish', '--channel', 'testing', given[2])
    assert UBUNTU.format(2) not in repo.offered(TRUSTY)
    assert UBUNTU.format(2) in repo.offered(f'{TRUSTY}-testing')
    repo('promote')
    assert UBUNTU.format(2) in repo.offered(TRUSTY)
    assert f'python-nova-cascading-2014.1.5-{EL7.format(2)}.noarch.rpm' in rpms_offered(repo, YUM)
    again = repo('promote', check=False)
    assert again.returncode == 1
    assert 'nothing in testing to promote' in again.stdout
    repo('verify')


def test_withdraw_makes_the_version_before_the_candidate_and_says_how_hosts_go_back(repo, given):
    repo('publish', given[2])
    said = repo('withdraw', UBUNTU.format(2)).stdout
    assert f'apt-get install python-nova-cascading={UBUNTU.format(1)}' in said, 'apt 1.0 knows no --allow-downgrades'
    assert UBUNTU.format(2) not in repo.offered(TRUSTY)
    assert UBUNTU.format(1) in repo.offered(TRUSTY)
    said = repo('withdraw', f'2014.1.5-{EL7.format(2)}').stdout
    assert f'yum --enablerepo=nova-cascading downgrade python-nova-cascading-2014.1.5-{EL7.format(1)}' in said
    assert list(repo.root.glob('pool/**/*cascading2*.deb')), 'the pool keeps what was published'
    assert 'withdrawn' in repo('publish', given[2]).stdout
    assert UBUNTU.format(2) not in repo.offered(TRUSTY), 'publishing dist/ again does not bring it back'
    assert f'{UBUNTU.format(2)} is offered again' in repo('withdraw', '--undo', UBUNTU.format(2)).stdout
    assert UBUNTU.format(2) in repo.offered(TRUSTY)
    repo('verify')


def test_the_packages_that_bring_the_key_are_not_withdrawn(repo):
    own = {entry['version'] for suite in json.loads((repo.root / 'state.json').read_text())['suites'].values()
           for entry in suite['packages'].values() if entry['name'].startswith('nova-cascading-')}
    assert len(own) == 2
    for version in own:
        assert f'no suite has a version {version} of the fork' in repo('withdraw', version, check=False).stdout
    repo('verify')


def test_files_are_deleted_only_when_told_to(repo, given):
    repo('publish', given[2])
    both = repo('withdraw', '--undo', '--delete', UBUNTU.format(2), check=False)
    assert both.returncode == 2 and 'not allowed with' in both.stdout
    assert list(repo.root.glob('pool/**/*cascading2*')) and UBUNTU.format(2) in repo.offered(TRUSTY)
    repo('withdraw', '--delete', UBUNTU.format(2))
    assert not list(repo.root.glob('pool/**/*cascading2*'))
    assert list(repo.root.glob('pool/**/*cascading1*.deb'))
    repo('verify')


def test_a_published_version_never_changes(repo, tmp_path):
    before = repo.offered(TRUSTY)
    other = repositories.deb(tmp_path / 'other', 1, content='other')
    done = repo('publish', other, check=False)
    assert done.returncode == 1
    assert 'published already, with other content' in done.stdout
    assert '--revision' in done.stdout
    assert repo.offered(TRUSTY) == before
    repo('verify')


def test_publishing_the_same_again_changes_no_suite(repo, given):
    before = (repo.root / f'dists/{TRUSTY}/InRelease').read_bytes()
    repo('publish', given[1])
    assert (repo.root / f'dists/{TRUSTY}/InRelease').read_bytes() == before


def test_refresh_moves_valid_until_and_nothing_else(repo):
    dates = json.loads((repo.root / 'state.json').read_text())
    later = str(dates['time'] + 60)
    repo('publish', '--refresh', SOURCE_DATE_EPOCH=later)
    after = json.loads((repo.root / 'state.json').read_text())
    assert after['suites'][TRUSTY]['time'] == after['suites'][YUM]['time'] == int(later)
    assert after['suites'][TRUSTY]['packages'] == dates['suites'][TRUSTY]['packages']


@pytest.mark.parametrize('ahead', [0, 60])
def test_the_same_packages_and_time_give_the_same_bytes(first, given, tmp_path, ahead):
    later = str(int(time.time()) + ahead)
    trees = []
    for name in ('here', 'there'):
        publisher = Publisher(tmp_path / name, first.home)
        publisher('publish', given[1], '--url', repositories.URL, SOURCE_DATE_EPOCH=later)
        publisher('publish', given[2], SOURCE_DATE_EPOCH=later)
        trees.append({path.relative_to(publisher.root): path.read_bytes()
                      for path in publisher.root.rglob('*') if path.is_file()})
    unlike = sorted(str(path) for path in trees[0].keys() | trees[1].keys() if trees[0].get(path) != trees[1].get(path))
    assert unlike == [], '\n'.join(unlike)  # pytest would show three of them


def test_the_suite_can_be_named(repo, tmp_path):
    strange = repositories.any_deb(tmp_path, 'python-nova-cascading', '1:2014.1.5-1site3+cascading1')
    repo('publish', '--suite', 'icehouse-site', strange)
    assert '1site3' in repo.offered('icehouse-site')


@pytest.mark.parametrize(('words', 'says'), [
    (['publish', '/dev/null/nothing'], 'is no package and no directory of packages'),
    (['publish', '--key', 'nobody@example.org', '--refresh'], 'has no secret part'),
    (['withdraw', '9:9-9'], 'no suite has a version 9:9-9'),
    (['withdraw', '9:9-9', '--suite', 'none'], 'there is no suite none that has a version 9:9-9'),
])
def test_errors_say_what_to_do_next_and_change_nothing(repo, words, says):
    before = (repo.root / 'SHA256SUMS').read_bytes()
    done = repo(*words, check=False)
    assert done.returncode == 1
    assert says in done.stdout
    assert 'Next:' in done.stdout
    assert (repo.root / 'SHA256SUMS').read_bytes() == before


def test_a_refresh_takes_no_packages(repo):
    before = (repo.root / 'SHA256SUMS').read_bytes()
    done = repo('publish', '--refresh', '/nonexistent.deb', check=False)
    assert done.returncode == 2 and '/nonexistent.deb is named' in done.stdout and 'Next:' in done.stdout
    assert (repo.root / 'SHA256SUMS').read_bytes() == before


def test_a_directory_with_something_else_in_it_is_left_alone(tmp_path, home, given):
    (tmp_path / 'thesis').mkdir()
    (tmp_path / 'thesis/chapter1').write_text('precious')
    done = Publisher(tmp_path / 'thesis', home)('publish', given[1], check=False)
    assert done.returncode == 1
    assert 'is no repository' in done.stdout
    assert (tmp_path / 'thesis/chapter1').read_text() == 'precious'


@pytest.mark.parametrize('words', [['withdraw', '1-1'], ['promote'], ['verify']], ids=lambda words: words[0])
def test_where_there_is_no_repository_none_is_begun(tmp_path, home, words):
    done = Publisher(tmp_path / 'nothing', home)(*words, check=False)
    assert done.returncode == 1
    assert './build.sh publish makes one' in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_who_has_no_key_of_a_repository_is_not_told_that_somebody_changed_it(repo, given, tmp_path):
    (tmp_path / 'other').mkdir(mode=0o700)
    done = Publisher(repo.root, tmp_path / 'other')('publish', given[2], check=False)
    assert done.returncode == 1 and 'a key that this GnuPG home does not have' in done.stdout


def test_a_tree_without_its_signature_is_not_signed_again(repo, given):
    (repo.root / 'SHA256SUMS.asc').unlink()
    done = repo('publish', given[2], check=False)
    assert done.returncode == 1
    assert 'was changed by something else' in done.stdout
