"""Whoever has a package can build it again from what it says, and is told whether the same bytes come out."""

import subprocess

import pytest

from builder.commands import prove
from builder.common import environment, project
from builder.common.errors import BuildError
from builder.common.project import PROJECT
from builder.repository import incoming
from tests import fakenova

SOMEBODY = {'DEBFULLNAME': 'Jané Doe', 'DEBEMAIL': 'jane@example.org'}


def build(*words, **more):
    return subprocess.run([PROJECT / 'build.sh', *words], capture_output=True, text=True, timeout=120,
                          env={**environment.kept(), **more})


@pytest.fixture(scope='module')
def tree(tmp_path_factory):
    made = fakenova.write(tmp_path_factory.mktemp('prove') / 'tree', '26.3.0')
    (made / 'setup.cfg').write_text('[metadata]\nname = nova\n[entry_points]\nconsole_scripts =\n  nova-x = a:b\n')
    return made


@pytest.fixture(scope='module')
def packages(tree):
    to = tree.parent / 'dist'
    # Not the time of the version, as some build farms set it.
    done = build(tree, '--to', to, '--revision', '3', SOURCE_DATE_EPOCH='1700000000', **SOMEBODY)
    assert done.returncode == 0, done.stderr
    return [*to.glob('*.deb'), *to.glob('*.noarch.rpm')]


def test_a_deb_and_an_rpm_are_proven_from_their_tree_wherever_it_lies(packages, tree):
    moved = tree.rename(tree.with_name('elsewhere'))
    done = build('prove', *packages, '--source', moved)
    moved.rename(tree)
    assert done.returncode == 0 and done.stdout.count('the same bytes') == 2, done.stdout + done.stderr


def test_a_file_under_the_name_that_apt_gives_it_is_proven(packages, tree, tmp_path):
    downloaded = tmp_path / packages[0].name.replace('_', '_2%3a', 1)
    downloaded.write_bytes(packages[0].read_bytes())
    done = build('prove', downloaded, '--source', tree)
    assert done.returncode == 0 and 'the same bytes' in done.stdout, done.stdout + done.stderr


def test_both_name_the_maintainer_who_was_set_and_whom_prove_sets_again(packages):
    deb, rpm = packages
    shown = [subprocess.run(words, capture_output=True, text=True, check=True).stdout for words in (
        ['dpkg-deb', '--field', deb, 'Maintainer'], ['rpm', '-qp', '--qf', '%{PACKAGER}\n%{CHANGELOGNAME}\n', rpm])]
    assert shown[0] == 'Jané Doe <jane@example.org>\n'
    assert shown[1].startswith('Jané Doe <jane@example.org>\nJané Doe <jane@example.org> - ')


def test_a_deb_that_follows_another_stock_package_than_this_machine_knows_says_so():
    needs = 'needs what python3-nova 2:26.2.2-1 needs'
    assert prove.unlike(needs, needs) == ''
    assert needs in prove.unlike(needs, '') and 'Next: ' in prove.unlike('', needs)


def test_an_rpm_that_another_rpm_has_written_says_so(packages):
    version, digest = prove.noted(packages[1])
    assert prove.written_by([version, digest], [version, digest]) == ''
    assert 'rpm 4.11.3 has written it' in prove.written_by(['4.11.3', digest], [version, digest])
    assert 'are the same' in prove.written_by(['4.11.3', digest], [version, digest])
    assert 'NOT the same' in prove.written_by(['4.11.3', 'other'], [version, digest])


def test_another_source_is_told(packages, tree, tmp_path):
    other = fakenova.write(tmp_path / 'other', '26.3.0')
    (other / 'setup.cfg').write_text((tree / 'setup.cfg').read_text())
    (other / 'nova/more.py').write_text('more = 1\n')
    done = build('prove', packages[0], '--source', other)
    assert done.returncode == 1 and 'NOT the same' in done.stdout, done.stdout + done.stderr


def test_a_source_that_is_nowhere_a_file_that_is_none_and_another_version_are_told(packages, tmp_path):
    done = build('prove', packages[0])
    assert done.returncode == 1 and 'git tree' in done.stderr and '--source' in done.stderr
    done = build('prove', tmp_path / 'none.deb')
    assert done.returncode == 1 and 'there is no file' in done.stderr
    root = tmp_path / 'deb'
    subprocess.run(['dpkg-deb', '-R', packages[0], root], check=True)
    control = root / 'DEBIAN/control'
    control.write_text(control.read_text().replace(f'Version: {project.label()}', 'Version: 99'))
    subprocess.run(['dpkg-deb', '-b', '-z1', root, tmp_path / 'x.deb'], check=True, stdout=subprocess.DEVNULL)
    done = build('prove', tmp_path / 'x.deb')
    assert done.returncode == 1 and 'was made by nova-cascading 99' in done.stderr, done.stderr


@pytest.mark.parametrize('said', [
    'nova /tmp/evil.tar.gz as released, commit ' + 'a' * 40, 'nova --to=/tmp as released, commit ' + 'a' * 40,
    'nova ./26.3.0 as released, commit ' + 'a' * 40, 'nova 26.3.0 as released, commit x', 'nova 26.3.0 as released',
    '-oDir::Bin::methods=/tmp 1, sha256 ' + 'a' * 64, 'python3-nova --x, sha256 ' + 'a' * 64,
    '../x 1, sha256 ' + 'a' * 64, 'nova 26.3.0, git tree ../x', 'nova 26.3.0, git tree ' + 'a' * 40 + '\x1b[2J'])
def test_what_no_build_writes_is_no_source(said, tmp_path, monkeypatch):
    (tmp_path / 'x.deb').touch()
    claim = prove.Claim('deb', '1', '2', said, prove.maintainer(), '2:26.3.0-1')
    monkeypatch.setattr(prove, 'claim_of_deb', lambda file: claim)
    with pytest.raises(BuildError, match='does not say what it was made of'):
        prove.claim(tmp_path / 'x.deb')


@pytest.mark.parametrize(('said', 'word'), [
    ('nova 2014.1.5 as released, commit ' + 'a' * 40, '2014.1.5'), ('nova 12.0.0.0rc1 as released, commit ' + 'a' * 40,
                                                                    '12.0.0.0rc1')])
def test_a_release_is_not_taken_from_the_current_directory(said, word, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / word).mkdir()
    (tmp_path / 'work').mkdir()
    claim = prove.Claim('deb', '1', '2', said, prove.maintainer(), '2:26.3.0-1')
    assert prove.found(claim, tmp_path) == word
    ran = []
    monkeypatch.setattr(prove.subprocess, 'run', lambda words, cwd, **_: ran.append((words, cwd)) or subprocess.
                        CompletedProcess(words, 1, '', ''))
    with pytest.raises(BuildError, match='could not be built again'):
        prove.rebuilt(claim, word, tmp_path / 'work/out', 'x.deb')
    assert word in ran[0][0] and ran[0][1] == tmp_path / 'work'


def test_a_source_that_is_named_may_lie_in_the_current_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'nova').mkdir()
    assert prove.given_source('nova') == str(tmp_path / 'nova') and prove.given_source('zed') == 'zed'


@pytest.mark.parametrize(('damage', 'says'), [
    (lambda whole: whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:], 'is damaged'),
    (lambda whole: whole[:-30], 'is damaged'), (lambda whole: whole + b'\n', 'is damaged'),
    (lambda whole: b'', 'is no rpm'), (lambda whole: b'!<arch>\n', 'is no rpm')],
    ids=['forged', 'cut', 'longer', 'empty', 'deb'])
def test_an_rpm_whose_payload_is_another_is_not_the_same(packages, tmp_path, damage, says):
    """The digest in the header that a signature leaves as it is says nothing of the payload."""
    file = tmp_path / packages[1].name
    file.write_bytes(damage(packages[1].read_bytes()))
    with pytest.raises(BuildError, match=f'{file} {says}') as error:
        prove.claim(file)
    assert 'get the package again' in str(error.value)


def test_two_rpms_without_a_digest_of_their_header_are_not_the_same(tmp_path, monkeypatch):
    """rpm 4.11 writes none."""
    monkeypatch.setattr(incoming.rpmquery, 'query', lambda *_, **__: '')
    for name in ('one.rpm', 'other.rpm'):
        (tmp_path / name).write_text(name)
    assert incoming.content_of(tmp_path / 'one.rpm') != incoming.content_of(tmp_path / 'other.rpm')
