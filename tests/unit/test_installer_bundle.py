"""The bundle: the same bytes from the same source, complete, checkable, and signed when asked."""

import hashlib
import json
import shutil
import subprocess
import tarfile

import pytest

from builder.commands import installer
from builder.common.errors import BuildError
from builder.common.project import PROJECT
from builder.fork import making
from builder.package import bundle
from builder.source.obtain import obtain
from tests import fakenova, repositories
from tests.installer_bed import ADDED, FORKED, MODELS_PATH, STOCK, contents, fork_of, write_tree


def write(work, name):
    (work / name).mkdir()
    return bundle.write(fork_of(work / f'source {name}'), work / name, commit='0123456789ab', epoch=1_400_000_000)


@pytest.fixture
def unpacked(tmp_path):
    with tarfile.open(write(tmp_path, 'one')) as archive:
        archive.extractall(tmp_path)
    return tmp_path / 'nova-cascading-2014.1.5-installer'


def test_the_same_source_and_commit_give_the_same_bytes(tmp_path):
    assert write(tmp_path, 'one').read_bytes() == write(tmp_path, 'two').read_bytes()


def test_every_file_but_the_checksums_has_one(unpacked):
    lines = dict(reversed(line.split('  ')) for line in (unpacked / 'SHA256SUMS').read_text().splitlines())
    found = {name: hashlib.sha256(data).hexdigest() for name, data in contents(unpacked).items()}
    del found['SHA256SUMS']
    assert lines == found


def test_the_manifest_knows_before_and_after_of_what_changes_and_all_else(unpacked):
    manifest = json.loads((unpacked / 'manifest.json').read_text())
    digest = {path: hashlib.sha256(data).hexdigest() for path, data in STOCK.items()}
    assert set(manifest['files']) == {*ADDED, *FORKED}
    assert manifest['files'][MODELS_PATH] == {'before': digest[MODELS_PATH],
                                              'after': hashlib.sha256(FORKED[MODELS_PATH]).hexdigest()}
    assert manifest['tree'] == {path: known for path, known in digest.items() if path not in FORKED}


def test_the_patches_and_the_manual_way_give_the_same_tree(unpacked, tmp_path):
    trees = [tmp_path / 'patched', tmp_path / 'by hand']
    for tree in trees:
        write_tree(tree, STOCK)
    for name in (unpacked / 'patches/series').read_text().split():
        subprocess.run(['patch', '-s', '-F0', '-p1', '-d', trees[0], '-i', unpacked / 'patches' / name], check=True)
    shutil.copytree(unpacked / 'nova', trees[1] / 'nova', dirs_exist_ok=True)
    assert contents(trees[0]) == contents(trees[1]) == {**STOCK, **ADDED, **FORKED}


def test_the_same_bytes_however_the_path_of_the_source_is_typed(tmp_path, monkeypatch):
    place = tmp_path / 'a b'
    fakenova.write(place / 'nova-2014.1.5')
    with tarfile.open(place / 'nova.tar.gz', 'w:gz') as archive:
        archive.add(place / 'nova-2014.1.5', 'nova-2014.1.5')
    monkeypatch.chdir(place)
    (tmp_path / 'out').mkdir()
    made = []
    for number, typed in enumerate([place / 'nova.tar.gz', 'nova.tar.gz', '../a b/nova.tar.gz', 'nova-2014.1.5']):
        fork = making.make(obtain(str(typed), tmp_path / str(number)))
        made.append(bundle.write(fork, tmp_path / 'out', commit='0123456789ab', epoch=1).read_bytes())
    assert set(made) == {made[0]}
    assert 'git tree' in json.loads(bundle.contents(fork, 'x')['manifest.json'])['origin']


def test_who_is_named_signs_alone_and_by_a_strong_hash_whatever_gpgs_settings_say(tmp_path, monkeypatch):
    written = write(tmp_path, 'one')
    with repositories.gnupg() as home:
        monkeypatch.setenv('GNUPGHOME', str(home))
        for name in ('one', 'two'):
            repositories.gpg(home, '-q', '--passphrase', '', '--quick-generate-key', f'{name}@example.org', 'ed25519',
                             'sign', '1d')
        (home / 'gpg.conf').write_text('digest-algo SHA1\nlocal-user two@example.org\n')
        signature = installer.sign(written, 'one@example.org')
        (home / 'gpg.conf').unlink()
        said = repositories.gpg(home, '--status-fd', '1', '--verify', signature, written)
        fingerprint = repositories.fingerprint(home, 'one@example.org')
        assert [line.split()[2:10:7] for line in said.splitlines() if ' VALIDSIG ' in line] == [[fingerprint, '8']]
        with pytest.raises(BuildError, match='three@example.org .*no secret part'):
            installer.sign(written, 'three@example.org')


def test_what_runs_on_python_2_is_ascii():
    """Python 2 refuses any other letter in a source without a declaration."""
    sources = [path for folder in ('installation', 'src/nova') for path in (PROJECT / folder).rglob('*.py')]
    assert [path.name for path in sources if not path.read_bytes().isascii()] == []
