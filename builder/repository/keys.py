"""The signing keys: made on first use, kept in the user's GnuPG home, and never copied anywhere else."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from builder.common import tools, workplace
from builder.common.errors import BuildError
from builder.repository import isolated

# RSA, because apt, rpm and yum of 2014 know no elliptic curves.
ALGORITHM = 'rsa4096'
OWNER = 'nova-cascading archive signing key'
LIFETIME = '5y'
END = b'-----END PGP SIGNATURE-----\n'
# RFC 4880: SHA-256, -384, -512; today's clients refuse SHA-1, RIPEMD-160 and SHA-224.
HASHES = {'8', '9', '10'}
# --no-options leaves /etc/gnupg/gpg.conf in force: what signing and listing depend on is said here.
PLAIN = ('--no-options', '--batch', '--quiet', '--no-tty', '--no-auto-check-trustdb', '--no-armor', '--no-textmode',
         '--no-throw-keyids', '--digest-algo', 'SHA256', '--cert-digest-algo', 'SHA256')
ELSEWHERE = '#'  # how gpg lists a part whose secret is not here
MAKE = f'gpg --no-options --quick-generate-key "{OWNER}" {ALGORITHM} sign {LIFETIME}'


@dataclass(frozen=True)
class Part:
    """A primary key or a subkey.

    :param algorithm: its number in RFC 4880: 1 is RSA.
    :param size: bits.
    :param created, expires: seconds since 1970; ``expires`` is 0 when it never does.
    :param validity: gpg's letter: ``r`` revoked, ``e`` ended, ``i`` invalid, ``f`` and ``u`` believed, …
    :param signs: may sign, and can here.
    """

    fingerprint: str
    algorithm: int
    size: int
    created: int
    expires: int
    validity: str
    signs: bool


@dataclass(frozen=True)
class Key:
    """A key in the user's GnuPG home.

    :param parts: the primary key, then its subkeys.
    """

    owner: str
    parts: tuple[Part, ...]

    @property
    def primary(self) -> Part:
        return self.parts[0]

    @property
    def fingerprint(self) -> str:
        return self.primary.fingerprint

    @property
    def created(self) -> int:
        return self.primary.created

    @property
    def expires(self) -> int:
        return self.primary.expires

    @property
    def signer(self) -> Part | None:
        """What gpg signs with: the newest subkey that can and may, else the primary key."""
        able = [part for part in self.parts if part.signs and part.validity not in ('r', 'e', 'i')]
        return max(able, key=lambda part: (part is not self.primary, part.created), default=None)


def choose(wanted: Sequence[str], before: Sequence[str]) -> list[Key]:
    """The keys to sign with: those asked for, else those of last time, else this user's, made when there is none.

    :param wanted: key ids, fingerprints or e-mail addresses, as gpg takes them.
    :param before: fingerprints of the keys that signed the repository last, the one that hosts know longest first.
    :raises BuildError: a key has no secret part here, or the name fits several.
    """
    if wanted or before:
        # The one that hosts know longest signs the rpms, in whatever order they were named.
        age = {name: number for number, name in enumerate(before)}
        # One key may have been named twice, by its address and by its fingerprint.
        chosen = {key.fingerprint: key for key in map(_one, wanted or before)}
        return sorted(chosen.values(), key=lambda key: age.get(key.fingerprint, len(age)))
    usable = [key for key in _listed('--list-secret-keys', f'={OWNER}') if key.signer]
    return usable[:1] or [_make()]


def _one(name: str) -> Key:
    found = _listed('--list-secret-keys', name)
    if len(found) != 1:
        why = f'fits {len(found)} secret keys' if found else 'is revoked or has no secret part'
        raise BuildError(f'the signing key {name} {why} in the GnuPG home {isolated.gnupg_home()}',
                         '`gpg --list-secret-keys` shows what there is; --key FINGERPRINT names one exactly')
    return found[0]


def _make() -> Key:
    print(f'making a signing key ({ALGORITHM}, "{OWNER}") in {isolated.gnupg_home()}', file=sys.stderr, flush=True)
    before = {key.fingerprint for key in _listed('--list-secret-keys')}
    _gpg('--passphrase', '', '--quick-generate-key', OWNER, ALGORITHM, 'sign', LIFETIME)
    key = next(key for key in _listed('--list-secret-keys') if key.fingerprint not in before)
    print(f'  {key.fingerprint}\n  Keep a copy where this machine cannot lose it: '
          f'gpg --export-secret-keys {key.fingerprint}', file=sys.stderr)
    return key


def trusted(names: Sequence[str]) -> list[Key]:
    """The keys that are believed: those named; else every key of this user's own, imported ones of ours, and those
    that this user has certified."""
    if names:
        return [key for name in names for key in _listed('--list-keys', name)]
    public = _listed('--list-keys')
    known = [key for key in public if key.owner == OWNER or key.primary.validity in ('f', 'u')]
    return list({key.fingerprint: key for key in _listed('--list-secret-keys') + known}.values())


def in_file(path: Path) -> list[str]:
    """The fingerprints of the keys in a file, which nobody trusts for being there."""
    with workplace.directory() as home:  # gpg reads no file without one, and who checks a mirror may have none yet
        return [key.fingerprint for key in _listed('--show-keys', str(path), GNUPGHOME=home)]


def _listed(command: str, *names: str, **more: str) -> list[Key]:
    done = subprocess.run(['gpg', *PLAIN, '--with-colons', '--with-fingerprint', '--with-fingerprint', command, *names],
                          capture_output=True, encoding='utf-8', errors='replace', env={**_environment(), **more})
    # A key that is not there, and a home that is not there yet, end with the same status.
    refused = [line for line in done.stderr.splitlines() if line.endswith('Permission denied')]
    if done.returncode and refused:
        raise BuildError(f'the keys cannot be read: {refused[0]}',
                         f'see whose they are: ls -la {shlex.quote(str(isolated.gnupg_home()))}; be that user, '
                         'or name another GnuPG home: GNUPGHOME=DIR ./build.sh …')
    keys: list[tuple[str, list[list[str]]]] = []
    for line in done.stdout.splitlines():
        fields = [*line.split(':'), *[''] * 15]
        if fields[0] in ('pub', 'sec'):
            keys.append(('', []))
        if fields[0] in ('pub', 'sec', 'sub', 'ssb'):
            keys[-1][1].append(fields)
        elif fields[0] == 'fpr' and keys:
            keys[-1][1][-1][9] = fields[9]
        elif fields[0] == 'uid' and not keys[-1][0]:
            keys[-1] = (fields[9], keys[-1][1])
    made = [Key(owner, tuple(_part(fields) for fields in parts)) for owner, parts in keys]
    return [key for key in made if key.primary.validity not in ('r', 'i')]


def _part(fields: list[str]) -> Part:
    return Part(fields[9], int(fields[3] or 0), int(fields[2] or 0), int(fields[5] or 0), int(fields[6] or 0),
                fields[1], 's' in fields[11] and fields[14] != ELSEWHERE)


@cache
def export(fingerprints: tuple[str, ...], *, armor: bool) -> bytes:
    """The public keys, without what others signed on them."""
    style = ['--armor'] if armor else []
    return _gpg(*style, '--export-options', 'export-minimal', '--export', *fingerprints)


def sign(data: bytes, signers: Sequence[str], time: int, *, clear: bool = False) -> bytes:
    """An armored signature of data (or, with ``clear``, the signed text), one signature for each key.

    :param time: goes into the signature, so that the same publish gives the same bytes.
    :raises BuildError: other keys than these have signed, as a configuration of the machine's can ask for.
    """
    users = [word for signer in signers for word in ('--local-user', signer)]
    signed = _gpg('--armor', '--faked-system-time', f'{time}!', *users, '--clearsign' if clear else '--detach-sign',
                  data=data)
    with keyring(signers) as ring:
        lines, _ = _verified(ring, signed, None if clear else data)
    if _good(lines).keys() != set(signers) or len([line for line in lines if line[1] == 'NEWSIG']) != len(signers):
        raise BuildError(f'gpg has not signed with just {", ".join(signers)}: today\'s clients would refuse this',
                         'look for local-user, comment and the like in /etc/gnupg/gpg.conf, and at the key\'s end')
    return signed


@contextmanager
def keyring(fingerprints: Sequence[str]) -> Iterator[Path]:
    """A keyring file that holds just these keys, for gpgv."""
    with workplace.directory() as work:
        path = Path(work) / 'keys.gpg'
        path.write_bytes(export(tuple(fingerprints), armor=False) if fingerprints else b'')
        yield path


def check(ring: Path, signature: bytes, data: bytes | None = None, *,
          ended: bool = False) -> tuple[dict[str, str], bytes]:
    """Verify a detached signature of data or, when data is None, a clear-signed text.

    :param ended: a signature is good although its key has ended since.

    :returns: fingerprint of each key whose signature is good -> of the part of it that signed; nothing when one
        signature is bad or by a weak hash; and the text that was signed.
    """
    lines, text = _verified(ring, signature, data)
    # gpgv reads on over a damaged end line.
    kinds = {'GOODSIG', 'EXPKEYSIG'} if ended else {'GOODSIG'}
    return _good(lines, kinds) if signature.endswith(END) else {}, text


def _verified(ring: Path, signature: bytes, data: bytes | None) -> tuple[list[list[str]], bytes]:
    """gpgv's status lines, and the text of a clear-signed file."""
    with workplace.directory() as work:
        signed, text = Path(work) / 'signature', Path(work) / 'data'
        signed.write_bytes(signature)
        words: list[str | Path] = ['--output', text, signed] if data is None else [signed, text]
        if data is not None:
            text.write_bytes(data)
        done = subprocess.run(['gpgv', '--status-fd', '1', '--keyring', ring, *words], capture_output=True,
                              encoding='utf-8', errors='replace', env=isolated.environment())
        return [line.split() for line in done.stdout.splitlines()], text.read_bytes() if text.exists() else b''


def _good(lines: list[list[str]], kinds: Container[str] = ('GOODSIG',)) -> dict[str, str]:
    """[GNUPG:] VALIDSIG <part> <date> <time> <end> <version> <reserved> <key's algorithm> <hash> <class> <key>."""
    found = {}
    kind = ''
    for line in lines:
        if line[1] in ('GOODSIG', 'EXPSIG', 'EXPKEYSIG', 'REVKEYSIG', 'BADSIG'):
            kind = line[1]
        if kind == 'BADSIG':
            return {}
        if line[1] == 'VALIDSIG' and kind in kinds and line[9] in HASHES:
            found[line[11]] = line[2]
    return found


def _environment() -> dict[str, str]:
    # With another HOME gpg would start an agent of its own, which knows none of the passphrases typed before.
    return isolated.environment(isolated.user_home())


def _gpg(*words: str, data: bytes = b'') -> bytes:
    home = isolated.gnupg_home()
    try:
        home.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise BuildError(f'there is no GnuPG home {home}, and none can be made: {error.strerror}',
                         f'mkdir -m 700 -p {shlex.quote(str(home))}, or name another: '
                         'GNUPGHOME=DIR ./build.sh …') from error
    command = ['gpg', *PLAIN, *words]
    try:
        done = subprocess.run(command, input=data, capture_output=True, env=_environment())
    except FileNotFoundError:
        raise BuildError('the tool gpg is missing', 'apt-get install gnupg') from None
    if done.returncode != 0:
        said = done.stderr.decode(errors='replace')
        raise BuildError(f'`{" ".join(command)}` failed with status {done.returncode}:\n{tools.tail(said)}',
                         f'try the same command by hand; {isolated.LOCKED}')
    return done.stdout
