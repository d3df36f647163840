"""Keys, signatures and time: what verify refuses, and what nobody signs again."""

import json
import subprocess
import time

import pytest

from builder.common.project import PROJECT
from builder.repository import check, keys
from builder.repository.checked import Checked
from tests import repositories
from tests.repositories import Publisher

DAY = 86400
SUITE = 'icehouse-trusty'


def problems(publisher, now=None):
    return check.problems(publisher.root, keys.trusted([]), int(now or time.time()))


def signers(publisher, path, home):
    """Fingerprints of the good signatures of a clear-signed file."""
    done = subprocess.run(['gpg', '--batch', '--status-fd', '1', '--verify', publisher.root / path],
                          env={'PATH': repositories.PATH, 'GNUPGHOME': str(home)}, capture_output=True, text=True)
    return {line.split()[-1] for line in done.stdout.splitlines() if line.split()[1] == 'VALIDSIG'}


def test_one_changed_byte_anywhere_is_found(first, inside, tmp_path):
    """In every file of the tree, packages, indexes, signatures and the page: first, middle and last byte."""
    assert problems(first) == []
    unnoticed = []
    for path in sorted(path for path in first.root.rglob('*') if path.is_file()):
        whole = path.read_bytes()
        for at in {0, len(whole) // 2, len(whole) - 2} if len(whole) > 2 else ():
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
            if not list(check.sum_problems(Checked(first.root, keyring_of(tmp_path)))):
                unnoticed.append((str(path.relative_to(first.root)), at))
        path.write_bytes(whole)
    assert unnoticed == []
    assert problems(first) == []


def keyring_of(folder):
    ring = folder / 'ring.gpg'
    if not ring.exists():
        ring.write_bytes(keys.export(tuple(key.fingerprint for key in keys.trusted([])), armor=False))
    return ring


@pytest.mark.parametrize('path', [
    'dists/icehouse-trusty/main/binary-amd64/Packages', 'yum/icehouse-el7/repodata/repomd.xml', 'state.json',
    'SHA256SUMS'])
def test_what_somebody_changed_is_not_signed_again(repo, tmp_path, path):
    place = repo.root / path
    place.write_bytes(place.read_bytes() + b'\n')
    done = repo('publish', repositories.deb(tmp_path, 2), check=False)
    assert done.returncode == 1
    assert 'was changed by something else since it was signed' in done.stdout


def test_a_file_that_the_publisher_did_not_put_there_is_found(repo, inside):
    (repo.root / 'pool/extra.deb').write_text('extra')
    assert problems(repo) == ['pool/extra.deb: a file that the publisher did not put there']


def test_a_missing_package_is_found(repo):
    next(repo.root.glob('pool/**/*cascading1*.deb')).unlink()
    done = repo('verify', check=False)
    assert done.returncode == 1
    assert 'missing' in done.stdout
    assert 'restore it from a mirror\n' in done.stdout, 'publish would refuse to sign it anew'
    assert repo('publish', '--refresh', check=False).returncode == 1


def test_a_stale_inrelease_is_found(repo, tmp_path):
    place = repo.root / f'dists/{SUITE}/InRelease'
    stale = place.read_bytes()
    repo('publish', repositories.deb(tmp_path, 2))
    place.write_bytes(stale)
    assert repo('verify', check=False).returncode == 1


def test_a_repository_signed_by_somebody_else_is_refused(repo, tmp_path):
    with repositories.gnupg() as other:
        stranger = Publisher(tmp_path / 'theirs', other)
        stranger('publish', repositories.deb(tmp_path / 'in', 1))
        done = Publisher(stranger.root, repo.home)('verify', check=False)
        assert done.returncode == 1
        assert 'no good signature by a trusted key' in done.stdout


def told(said):
    """The commands that import a key and verify with it, of what a verify without it has said."""
    line = next(line for line in said.splitlines() if 'gpg --import' in line)
    return line[line.index('gpg --import'):].split(' && ')


def test_a_mirror_without_the_key_is_told_how_to_get_it_and_never_another_one(repo):
    """Whoever has made the copy has put a key of his own, with our name, beside the one that is shown."""
    with repositories.gnupg() as empty, repositories.gnupg() as his:
        repositories.make_key(his, keys.OWNER)
        mirror = Publisher(repo.root, empty)
        armored = repo.root / 'nova-cascading.asc'
        honest = armored.read_text()
        armored.write_text(repositories.gpg(his, '--armor', '--export'))
        imported, _ = told(mirror('verify', check=False).stdout)
        subprocess.run(['sh', '-ec', imported], check=True, capture_output=True,
                       env={'PATH': repositories.PATH, 'GNUPGHOME': str(empty)})
        armored.write_text(honest)
        assert 'every signature and hash good' in mirror('verify').stdout
        assert repositories.fingerprint(his) not in repositories.gpg(empty, '--with-colons', '--list-keys')


def test_a_mirror_of_somebody_who_signs_with_a_key_of_his_own_is_told_how_to_check_it(tmp_path):
    """Though its user has no GnuPG home yet."""
    with repositories.gnupg() as theirs, repositories.gnupg() as top:
        repositories.make_key(theirs, 'Example Org')
        origin = Publisher(tmp_path / "it's theirs", theirs)
        origin('publish', '--key', 'Example Org', repositories.deb(tmp_path / 'in', 1))
        imported, verified = told(Publisher(origin.root, top / 'none')('verify', check=False).stdout)
        assert f"--key {repositories.fingerprint(theirs, 'Example Org')}" in verified
        done = subprocess.run(['sh', '-ec', f'{imported} && {verified}'], cwd=PROJECT, capture_output=True, text=True,
                              env={'PATH': repositories.PATH, 'GNUPGHOME': str(top)})
        assert 'every signature and hash good' in done.stdout, done.stderr


def test_verify_fails_from_90_days_before_valid_until(first, inside):
    end = json.loads((first.root / 'state.json').read_text())['time'] + 180 * DAY
    assert problems(first, end - 91 * DAY) == []
    found = problems(first, end - 89 * DAY)
    assert len(found) == 2
    assert 'publish --refresh' in found[0]


def test_verify_fails_from_90_days_before_a_key_ends(tmp_path):
    with repositories.gnupg() as home:
        short = repositories.make_key(home, 'short')
        publisher = Publisher(tmp_path / 'repo', home)
        publisher('publish', repositories.deb(tmp_path / 'in', 1), '--key', short)
        subprocess.run(['gpg', '--batch', '-q', '--passphrase', '', '--quick-set-expire', short, '89d'], check=True,
                       env=publisher.environment(), capture_output=True)
        done = publisher('verify', check=False)
        assert done.returncode == 1
        assert f'the key {short} ends on' in done.stdout
        assert '--quick-set-expire' in done.stdout


def test_keys_rotate_with_two_signatures_for_a_time(repo, home, tmp_path):
    old = json.loads((repo.root / 'state.json').read_text())['keys'][0]
    new = repositories.make_key(home, 'next key')
    keyrings = set(repo.root.glob('pool/main/n/*/*.deb'))
    repo('publish', '--refresh', '--key', new, '--key', old)
    assert json.loads((repo.root / 'state.json').read_text())['keys'] == [old, new], 'hosts know the old one'
    assert signers(repo, f'dists/{SUITE}/InRelease', home) == {old, new}
    added = set(repo.root.glob('pool/main/n/*/*.deb')) - keyrings
    assert len(added) == 1, 'hosts get a keyring package with both keys'
    subprocess.run(['dpkg-deb', '-x', *added, tmp_path / 'x'], check=True)
    shown = subprocess.run(['gpg', '--show-keys', '--with-colons', next((tmp_path / 'x').rglob('*.gpg'))], check=True,
                           capture_output=True, text=True, env={'PATH': repositories.PATH, 'GNUPGHOME': str(home)})
    assert old in shown.stdout and new in shown.stdout
    repo('verify')
    repo('publish', repositories.deb(tmp_path / 'in', 2))
    assert signers(repo, f'dists/{SUITE}/InRelease', home) == {old, new}, 'both go on until told otherwise'
    said = repo('publish', '--refresh', '--key', new).stdout
    assert signers(repo, f'dists/{SUITE}/InRelease', home) == {new}
    assert f'every rpm carries the signature of {new} now' in said, 'hosts that come now never knew the old key'
    repo('verify', '--key', new)


def test_a_time_before_the_key_was_made_is_refused(tmp_path):
    with repositories.gnupg() as home:
        done = Publisher(tmp_path / 'repo', home)('publish', repositories.deb(tmp_path / 'in', 1), check=False,
                                                  SOURCE_DATE_EPOCH='1400000000')
    assert done.returncode == 1
    assert 'unset SOURCE_DATE_EPOCH' in done.stdout
    assert not (tmp_path / 'repo').exists()
