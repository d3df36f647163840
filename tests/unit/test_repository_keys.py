"""Keys as today's strictest clients see them: apt 3 with sqv, rpm with sequoia, whatever is on this machine."""

import dataclasses
import json
import os
import shutil
import subprocess
import time

import pytest

from builder.common.errors import BuildError
from builder.repository import check, keys, policy, yumcheck
from builder.repository.checked import Checked
from builder.repository.state import Entry, Suite
from tests import repositories
from tests.repositories import Publisher

# How each key is made: words for gpg, then those for a subkey that signs.
KEYS = {
    'good': (['rsa3072', 'sign', '5y'], []),
    'sha1': (['--cert-digest-algo', 'SHA1', 'rsa3072', 'sign', '5y'], []),
    'rsa1024': (['rsa1024', 'sign', '5y'], []),
    'dsa': (['dsa2048', 'sign', '5y'], []),
    'curve': (['ed25519', 'sign', '5y'], []),
    'short': (['rsa3072', 'sign', '20d'], []),
    'certifies only': (['rsa3072', 'cert', '5y'], []),
    'good subkey': (['rsa3072', 'cert', '5y'], ['rsa3072', 'sign', '5y']),
    'short subkey': (['rsa3072', 'cert', '5y'], ['rsa3072', 'sign', '10d']),
}
SAYS = {'sha1': 'signed by itself with SHA-1', 'rsa1024': 'has 1024 bits', 'dsa': 'no RSA key', 'curve': 'no RSA key',
        'short': 'in fewer than 90 days', 'certifies only': 'no part that may sign', 'short subkey': 'the subkey'}


def gpg(home, *words):
    return repositories.gpg(home, '-q', '--passphrase', '', *words)


@pytest.fixture(scope='module')
def home():
    with repositories.gnupg() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv('GNUPGHOME', str(home))
        for name, (words, more) in KEYS.items():
            options = words[:-3]
            gpg(home, *options, '--quick-generate-key', name, *words[-3:])
            if more:
                gpg(home, '--quick-add-key', one(name).fingerprint, *more)
        keys.export.cache_clear()
        yield home


def one(name):
    return keys._listed('--list-secret-keys', f'={name}')[0]


def objections(name):
    keys.export.cache_clear()
    return list(policy.objections(one(name), int(time.time())))


@pytest.mark.parametrize('name', ['good', 'good subkey'])
def test_a_good_key_is_accepted(home, name):
    assert objections(name) == []


@pytest.mark.parametrize('name', SAYS)
def test_what_strict_clients_refuse_is_refused_with_a_way_out(home, name):
    found = objections(name)
    assert found and SAYS[name] in found[0][0]
    assert 'gpg ' in found[0][1]
    with pytest.raises(BuildError, match='nothing was changed'):
        policy.refuse([one(name)], int(time.time()))


@pytest.mark.skipif(shutil.which('sqv') is None, reason='SKIPPED: needs sqv, which Debian has from trixie on')
@pytest.mark.parametrize('name', [name for name in KEYS if name != 'certifies only'])
def test_sqv_and_the_rules_agree(home, name):
    """Except for what sqv cannot know: that 2014's clients have no curves, and that a key will end soon."""
    said = policy.sequoia(one(name), b'x\n', keys.sign(b'x\n', [one(name).fingerprint], int(time.time())))
    assert bool(said) == (name in ('sha1', 'rsa1024', 'dsa'))


def test_the_command_that_is_named_mends_a_sha_1_signature(home):
    (home / 'gpg.conf').write_text('cert-digest-algo SHA1\n')
    try:
        gpg(home, '--cert-digest-algo', 'SHA1', '--quick-generate-key', 'mended', 'rsa2048', 'sign', '5y')
        way = objections('mended')[0][1]
        subprocess.run([*way.split()[:1], '--batch', *way.split()[1:]], check=True, capture_output=True,
                       env={**os.environ, 'GNUPGHOME': str(home)})
    finally:
        (home / 'gpg.conf').unlink()
    assert objections('mended') == []


def test_2048_bits_are_enough_until_apt_refuses_them(home):
    key = one('good')
    small = dataclasses.replace(key, parts=(dataclasses.replace(key.primary, size=2048, expires=0),))
    assert list(policy.objections(small, policy.LEAST_ENDS - 100 * 86400)) == []
    assert '2030-02-01' in next(iter(policy.objections(small, policy.LEAST_ENDS - 80 * 86400)))[0]


def test_one_good_key_carries_on_while_a_weak_one_is_rotated_out(home, capsys):
    policy.refuse([one('sha1'), one('good')], int(time.time()))
    assert 'the other key carries on' in capsys.readouterr().err


def test_a_key_that_cannot_sign_is_named_also_beside_one_that_can(home):
    with pytest.raises(BuildError, match='can sign nothing now') as raised:
        policy.refuse([one('certifies only'), one('good')], int(time.time()))
    assert '--key NEW alone' in raised.value.hint


def test_when_a_key_has_ended_another_one_goes_on(tmp_path):
    with repositories.gnupg() as home:
        early = time.strftime('%Y%m%dT%H%M%S!', time.gmtime(time.time() - 3600))
        gpg(home, '--faked-system-time', early, '--quick-generate-key', 'ends', 'rsa3072', 'sign', '5y')
        repo = Publisher(tmp_path / 'repo', home)
        old = repositories.fingerprint(home, 'ends')
        repo('publish', repositories.deb(tmp_path / 'in', 1), *repositories.rpms(tmp_path / 'in', 1), '--key', old)
        gpg(home, '--quick-set-expire', old, 'seconds=1')
        time.sleep(1.1)
        assert f'--quick-set-expire {old}' in repo('publish', '--refresh', check=False).stdout
        new = repositories.make_key(home, 'goes on')
        repo('publish', '--refresh', '--key', new)
        repo('verify', '--key', new)


def test_publish_refuses_before_it_changes_anything(home, tmp_path):
    repo = Publisher(tmp_path / 'repo', home)
    done = repo('publish', repositories.deb(tmp_path / 'in', 1), '--key', one('sha1').fingerprint, check=False)
    assert done.returncode == 1
    assert '--quick-set-expire' in done.stdout
    assert not repo.root.exists()


def test_verify_looks_at_the_subkey_that_has_signed(home, tmp_path):
    """Its end comes before that of the key."""
    repo = Publisher(tmp_path / 'repo', home)
    fingerprint = one('good subkey').fingerprint
    repo('publish', repositories.deb(tmp_path / 'in', 1), '--key', fingerprint)
    trusted = [one('good subkey')]
    now = json.loads((repo.root / 'state.json').read_text())['time']
    assert check.problems(repo.root, trusted, now) == []
    subkey = trusted[0].parts[1]
    gpg(home, '--quick-set-expire', fingerprint, '10d', subkey.fingerprint)
    keys.export.cache_clear()
    found = check.problems(repo.root, [one('good subkey')], now)
    assert len(found) == 1
    assert f'the subkey {subkey.fingerprint}' in found[0]


def test_the_subkey_that_will_sign_is_judged_not_a_newer_one_whose_secret_is_elsewhere(home):
    gpg(home, '--quick-generate-key', 'travelling', 'rsa3072', 'cert', '5y')
    for ends in ('10d', '5y'):
        gpg(home, '--quick-add-key', one('travelling').fingerprint, 'rsa3072', 'sign', ends)
    listed = gpg(home, '--with-colons', '--with-keygrip', '--list-secret-keys', '=travelling').splitlines()
    (home / 'private-keys-v1.d' / f'{[line.split(":")[9] for line in listed if line[:3] == "grp"][2]}.key').unlink()
    assert 'in fewer than 90 days' in objections('travelling')[0][0]


def test_a_signature_by_a_weak_hash_counts_for_nothing(home):
    words = ['gpg', '--batch', '--digest-algo', 'SHA1', '--armor', '-u', one('good').fingerprint, '--detach-sign']
    weak = subprocess.run(words, input=b'x\n', capture_output=True, check=True,
                          env={'PATH': repositories.PATH, 'GNUPGHOME': str(home)}).stdout
    with keys.keyring([one('good').fingerprint]) as ring:
        assert keys.check(ring, weak, b'x\n')[0] == {}
        assert keys.check(ring, keys.sign(b'x\n', [one('good').fingerprint], int(time.time())), b'x\n')[0]


def test_a_signature_more_than_was_asked_for_is_noticed(home, monkeypatch):
    """As local-user in /etc/gnupg/gpg.conf, which no option of gpg leaves out, makes it."""
    monkeypatch.setattr(keys, 'PLAIN', (*keys.PLAIN, '--local-user', one('short').fingerprint))
    with pytest.raises(BuildError, match='gpg has not signed with just'):
        keys.sign(b'x\n', [one('good').fingerprint], int(time.time()))


@pytest.fixture
def failing(tmp_path, monkeypatch):
    """Puts a tool first on the PATH that says something and fails."""
    def make(name, says):
        (tmp_path / name).write_text(f'#!/bin/sh\necho "{says}" >&2\nexit 2\n')
        (tmp_path / name).chmod(0o755)
        monkeypatch.setenv('PATH', f'{tmp_path}:{repositories.PATH}')
    return make


def test_keys_that_may_not_be_read_are_not_taken_for_none(failing):
    failing('gpg', "gpg: keyblock resource '/x/pubring.kbx': Permission denied")
    with pytest.raises(BuildError, match='pubring.kbx.*Permission denied') as error:
        keys.trusted([])
    assert 'ls -la' in error.value.hint
    failing('gpg', 'gpg: error reading key: No public key')
    assert keys.trusted(['nobody']) == []


def test_a_key_that_gpg_could_not_look_into_is_not_called_weak(failing):
    failing('gpg', 'gpg: out of memory')
    with pytest.raises(BuildError, match='out of memory'):
        policy.packets(b'x')


def test_rpms_that_rpm_could_not_look_at_are_not_called_good(failing, tmp_path, monkeypatch):
    failing('rpmkeys', 'rpmkeys: error while loading shared libraries')
    suite = Suite('rpm', packages={'x.rpm': Entry('x', '1', 'noarch', {'x.rpm': '0'}, 0, '')})
    (tmp_path / 'nova-cascading.asc').write_text('')
    monkeypatch.setattr(yumcheck.yum, 'unreadable', lambda paths, cwd: [])
    [said] = yumcheck.signature_problems(Checked(tmp_path, tmp_path / 'ring'), suite)
    assert 'error while loading shared libraries' in said


def test_one_key_that_is_named_twice_signs_once(home):
    name = one('good').fingerprint
    assert keys.choose([name, name[-16:], 'good subkey', '=good'], []) == [one('good'), one('good subkey')]
    assert keys.choose([name, name], [name]) == [one('good')]
