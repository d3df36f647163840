"""The signing keys: made on first use, kept in the user's GnuPG home, and never copied anywhere else."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from builder import tools
from builder.errors import BuildError

# RSA, because apt, rpm and yum of 2014 know no elliptic curves.
ALGORITHM = 'rsa4096'
OWNER = 'nova-cascading archive signing key'
LIFETIME = '5y'
END = b'-----END PGP SIGNATURE-----\n'
DIGEST = ('--digest-algo', 'SHA256')


@dataclass(frozen=True)
class Key:
    """A key in the user's GnuPG home.

    :param created, expires: seconds since 1970; ``expires`` is 0 when it never does.
    """

    fingerprint: str
    owner: str
    created: int
    expires: int


def choose(wanted: Sequence[str], before: Sequence[str]) -> list[Key]:
    """The keys to sign with: those asked for, else those of last time, else this user's, made when there is none.

    :param wanted: key ids, fingerprints or e-mail addresses, as gpg takes them.
    :param before: fingerprints of the keys that signed the repository last.
    :raises BuildError: a key has no secret part here, is no RSA key, or the name fits several.
    """
    if wanted or before:
        return [_one(name) for name in wanted or before]
    return _listed('--list-secret-keys', f'={OWNER}')[:1] or [_make()]


def _one(name: str) -> Key:
    found = _listed('--list-secret-keys', name)
    if len(found) != 1:
        why = f'fits {len(found)} secret keys' if found else 'has no secret key'
        raise BuildError(f'the signing key {name} {why} in this GnuPG home',
                         '`gpg --list-secret-keys` shows what there is; --key FINGERPRINT names one exactly')
    return found[0]


def _make() -> Key:
    print(f'making a signing key ({ALGORITHM}, "{OWNER}") in the GnuPG home', file=sys.stderr, flush=True)
    _gpg('--passphrase', '', '--quick-generate-key', OWNER, ALGORITHM, 'sign', LIFETIME)
    key = _one(f'={OWNER}')
    print(f'  {key.fingerprint}\n  Keep a copy where this machine cannot lose it: '
          f'gpg --export-secret-keys {key.fingerprint}', file=sys.stderr)
    return key


def trusted(names: Sequence[str]) -> list[Key]:
    """The keys that `verify` believes: those named; else every key of this user's own, and imported ones of ours."""
    if names:
        return [key for name in names for key in _listed('--list-keys', name)]
    both = _listed('--list-secret-keys') + _listed('--list-keys', f'={OWNER}')
    return list({key.fingerprint: key for key in both}.values())


def _listed(command: str, *names: str) -> list[Key]:
    done = subprocess.run(['gpg', '--batch', '--with-colons', command, *names], capture_output=True, text=True)
    found: list[list[str]] = []
    fingerprints: list[str] = []
    for line in done.stdout.splitlines():
        fields = line.split(':')
        if fields[0] in ('pub', 'sec'):
            found.append(fields)
        elif fields[0] == 'fpr' and len(fingerprints) < len(found):
            fingerprints.append(fields[9])
        elif fields[0] == 'uid' and len(found[-1]) > 9 and not found[-1][9]:
            found[-1][9] = fields[9]
    return [Key(print_, fields[9], int(fields[5] or 0), int(fields[6] or 0))
            for fields, print_ in zip(found, fingerprints) if fields[1] not in ('r', 'i')]


@cache
def export(fingerprints: tuple[str, ...], *, armor: bool) -> bytes:
    """The public keys, without what others signed on them."""
    style = ['--armor'] if armor else []
    return _gpg(*style, '--export-options', 'export-minimal', '--export', *fingerprints)


def sign(data: bytes, signers: Sequence[str], time: int, *, clear: bool = False) -> bytes:
    """An armored signature of data (or, with ``clear``, the signed text), one signature for each key.

    :param time: goes into the signature, so that the same publish gives the same bytes.
    """
    users = [word for signer in signers for word in ('--local-user', signer)]
    return _gpg('--armor', '--faked-system-time', f'{time}!', *DIGEST, *users,
                '--clearsign' if clear else '--detach-sign', data=data)


@contextmanager
def keyring(fingerprints: Sequence[str]) -> Iterator[Path]:
    """A keyring file that holds just these keys, for gpgv."""
    with tempfile.TemporaryDirectory(prefix='nova-cascading-') as work:
        path = Path(work) / 'keys.gpg'
        path.write_bytes(export(tuple(fingerprints), armor=False) if fingerprints else b'')
        yield path


def check(ring: Path, signature: bytes, data: bytes | None = None) -> tuple[set[str], bytes]:
    """Verify a detached signature of data or, when data is None, a clear-signed text.

    :returns: fingerprints of the keys whose signatures are good, none when one is bad; and the text that was signed.
    """
    with tempfile.TemporaryDirectory(prefix='nova-cascading-') as work:
        signed, text = Path(work) / 'signature', Path(work) / 'data'
        signed.write_bytes(signature)
        words: list[str | Path] = ['--output', text, signed] if data is None else [signed, text]
        if data is not None:
            text.write_bytes(data)
        done = subprocess.run(['gpgv', '--status-fd', '1', '--keyring', ring, *words], capture_output=True, text=True)
        lines = [line.split() for line in done.stdout.splitlines()]
        # gpgv reads on over a damaged end line.
        bad = not signature.endswith(END) or any(line[1] == 'BADSIG' for line in lines)
        good = set() if bad else {line[-1] for line in lines if line[1] == 'VALIDSIG'}
        return good, text.read_bytes() if text.exists() else b''


def _gpg(*words: str, data: bytes = b'') -> bytes:
    command = ['gpg', '--batch', '--quiet', '--no-tty', *words]
    try:
        done = subprocess.run(command, input=data, capture_output=True, env=dict(os.environ, LC_ALL='C.UTF-8'))
    except FileNotFoundError:
        raise BuildError('the tool gpg is missing', 'apt-get install gnupg') from None
    if done.returncode != 0:
        said = done.stderr.decode(errors='replace')
        raise BuildError(f'`{" ".join(command)}` failed with status {done.returncode}:\n{tools.tail(said)}',
                         'try the same command by hand; a key with a passphrase needs a running gpg-agent')
    return done.stdout
