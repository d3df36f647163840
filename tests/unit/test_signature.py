"""A stock rpm that dnf or yum has only downloaded is held to its signature, which they did not look at."""

import subprocess

import pytest

from builder.common import tools
from builder.common.errors import BuildError
from builder.source import signature

# What rpm 4.18 says with --checksig --verbose, and rpm 6 of a signature.
DIGESTS = '/x/signature.rpm:\n    Header SHA256 digest: OK\n    Payload SHA256 digest: OK\n'
OLD = '    Header V4 RSA/SHA256 Signature, key ID a9918a97: {}\n'
NEW = '    Header OpenPGP V4 RSA/SHA256 signature, key fingerprint: a9918a97a9918a97: {}\n'


@pytest.fixture
def told(monkeypatch, tmp_path, capsys):
    def of(text):
        monkeypatch.setattr(tools, 'attempt', lambda words: subprocess.CompletedProcess(words, 1, text, ''))
        signature.look_at(tmp_path / 'python3-nova.rpm')
        return capsys.readouterr().err
    return of


@pytest.mark.parametrize('line', [OLD, NEW])
def test_what_is_as_it_was_signed_is_taken_without_a_word(told, line):
    assert told(DIGESTS + line.format('OK')) == ''


@pytest.mark.parametrize('line', [OLD, NEW])
def test_what_is_not_as_it_was_signed_is_refused(told, line):
    with pytest.raises(BuildError, match='is not what was signed') as error:
        told(DIGESTS + line.format('OK') + line.format('BAD'))
    assert 'repolist -v' in str(error.value)


@pytest.mark.parametrize('line', [OLD, NEW])
def test_a_payload_that_is_not_what_the_signed_header_says_is_refused(told, line):
    """rpm 4.18 signs the header alone."""
    with pytest.raises(BuildError, match=r'is not what was signed \(Payload'):
        told(line.format('OK') + DIGESTS.replace('Payload SHA256 digest: OK', 'Payload SHA256 digest: BAD (7 != 9)'))


@pytest.mark.parametrize('line', [OLD, NEW])
def test_a_key_that_this_machine_lacks_is_told(told, line):
    said = told(DIGESTS + line.format('NOKEY'))
    assert 'nobody vouches for python3-nova.rpm: this machine cannot tell' in said and 'rpm --import' in said


def test_an_rpm_without_a_signature_is_told(told):
    assert 'it has no signature' in told(DIGESTS)
