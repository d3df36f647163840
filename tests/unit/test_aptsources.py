"""Chroots are made from the mirrors that this machine's apt is configured for, in whichever form that is written."""

import subprocess
from pathlib import Path

import pytest

from builder.common import aptsources, chroot
from builder.common.errors import BuildError

URI = 'http://mirror.example.org/debian'


def sources(tmp_path, name, text):
    (tmp_path / 'sources.list.d').mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize('line', [
    f'deb {URI} bookworm main', f'deb [arch=amd64] {URI} bookworm main contrib', f'\tdeb  {URI}\tbookworm  main # x',
    f'deb [ arch=amd64 signed-by=/a.gpg ] {URI} bookworm main', f'deb [arch=amd64,i386 trusted=yes] {URI} stable main',
    f'# a comment\ndeb-src {URI} bookworm main\ndeb {URI} bookworm main',
])
def test_one_line_forms(tmp_path, line):
    text = aptsources.for_suite('trixie', sources(tmp_path, 'sources.list', line + '\n'))
    assert f'URIs: {URI}\nSuites: trixie\n' in text


@pytest.mark.parametrize('stanza', [
    'Types: deb\nURIs: {}\nSuites: bookworm bookworm-updates\nComponents: main\n',
    'types: deb deb-src\nuris: {}\nsuites: bookworm\n  bookworm-updates\n',
    '# first\nTypes: deb\n# between\nURIs: {}\nSuites:\n bookworm\n bookworm-updates\nEnabled: yes\n',
    'Types: deb\nURIs: http://x.example.org/x\nSuites: ./\n \t\nTypes: deb\nURIs: {}\nSuites: sid bookworm-updates\n',
    'Types: deb\nURIs: {0}\nSuites: bookworm-updates\nEnabled: false\n\nTypes: deb\nURIs: {0}\n'
    'Suites: bookworm bookworm-updates\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n x: y\n',
])
def test_deb822_forms(tmp_path, stanza):
    text = aptsources.for_suite('trixie', sources(tmp_path, 'sources.list.d/debian.sources', stanza.format(URI)))
    assert f'URIs: {URI}\nSuites: trixie trixie-updates\n' in text


@pytest.mark.parametrize('no', ['no', 'false', 'Off', 'disable'])
def test_what_is_switched_off_is_no_source_and_without_any_it_is_said(tmp_path, no):
    stanza = f'Types: deb\nURIs: {URI}\nSuites: bookworm\nEnabled: {no}\n'
    with pytest.raises(BuildError, match='names no archive of Debian'):
        aptsources.for_suite('trixie', sources(tmp_path, 'sources.list.d/debian.sources', stanza))


def test_sid_has_no_pockets(tmp_path):
    line = f'deb {URI} bookworm main\ndeb {URI}-security bookworm-security main\n'
    text = aptsources.for_suite('sid', sources(tmp_path, 'sources.list', line))
    assert 'Suites: sid\n' in text and '-security' not in text


SECRET = 'Acquire::http::Proxy "http://user:s3cret@proxy.example.org:3128"'


def test_a_proxy_s_password_is_on_no_command_line_and_in_no_file_that_others_read(monkeypatch, tmp_path):
    dump = f'APT "";\n{SECRET};\nAcquire::http::Dl-Limit "";\nAcquire::Retries "3";\n'
    monkeypatch.setattr(aptsources.tools, 'run', lambda words: dump)
    monkeypatch.setattr(aptsources, 'for_suite', lambda suite: f'URIs: {URI}\n')
    monkeypatch.setattr(chroot, 'need', lambda tools: None)
    ran = []

    def run(words):
        given = Path(next(word for word in words if 'hook=upload' in word).split()[1])
        made, upload = (next(word for word in words if begin in word) for begin in ('hook=install', 'hook=upload'))
        (tmp_path / 'etc/apt/apt.conf.d').mkdir(parents=True)
        subprocess.run(['sh', '-c', made.partition('=')[2], 'sh', tmp_path], check=True)
        assert upload.endswith(aptsources.HERE) and words.index(made) < words.index(upload)
        ran.append((words, given.read_text(), given.stat().st_mode & 0o777))
    monkeypatch.setattr(chroot, 'run', run)
    chroot.build('bullseye', ['a'], tmp_path, 'true', tmp_path)
    [(words, text, mode)] = ran
    assert text == f'{SECRET};\nAcquire::Retries "3";\n' and mode == 0o600
    assert (tmp_path / aptsources.HERE[1:]).stat().st_mode & 0o777 == 0o600
    assert 's3cret' not in ' '.join(map(str, words))
