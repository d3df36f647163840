"""The bundle: the same bytes from the same source, complete, checkable, and signed when asked."""

import hashlib
import json
import os
import shutil
import subprocess
import tarfile

import pytest

from builder.common.project import PROJECT
from builder.package import bundle
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


def test_no_path_of_the_build_machine_is_in_it():
    assert bundle.public('/home/me/novas/nova-2014.1.5.tar.gz (sha256 00ff)') == 'nova-2014.1.5.tar.gz (sha256 00ff)'


def test_a_signature_that_gpg_accepts(tmp_path, monkeypatch):
    home = tmp_path / 'gnupg'
    home.mkdir(mode=0o700)
    monkeypatch.setenv('GNUPGHOME', str(home))
    make = ['gpg', '--batch', '--passphrase', '', '--quick-generate-key', 'test@example.org', 'ed25519', 'sign', '1d']
    subprocess.run(make, check=True, capture_output=True)
    written = write(tmp_path, 'one')
    signature = bundle.sign(written, 'test@example.org')
    subprocess.run(['gpgconf', '--kill', 'all'], env={**os.environ}, check=False)
    assert subprocess.run(['gpg', '--verify', signature, written], capture_output=True).returncode == 0


def test_what_runs_on_python_2_is_ascii():
    """Python 2 refuses any other letter in a source without a declaration."""
    sources = [path for folder in ('installation', 'src/nova') for path in (PROJECT / folder).rglob('*.py')]
    assert [path.name for path in sources if not path.read_bytes().isascii()] == []
