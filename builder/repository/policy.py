"""What today's strictest clients ask of a key: apt 3 (sqv, /usr/share/apt/default-sequoia.config) and rpm with sequoia.

Where sqv is on this machine it is asked itself; the same rules stand here for machines that have none.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import gmtime, strftime

from builder.common import tools, workplace
from builder.common.errors import BuildError
from builder.repository import isolated, keys
from builder.repository.keys import Key, Part

DAY = 86400
NOTICE_DAYS = 90
RSA = 1
LEAST, GOOD = 2048, 3072
LEAST_ENDS = 1896134400  # 2030-02-01, as apt says
# sigclass of RFC 4880: what binds a name to a key or states something of the key itself; a subkey; and its answer.
OF_KEY = {'0x10', '0x11', '0x12', '0x13', '0x1f'}
OF_SUBKEY, ANSWER = '0x18', '0x19'
RENEW = 'gpg --no-options --cert-digest-algo SHA256 --quick-set-expire'
TRIAL = b'a trial\n'
# Where apt 3 itself looks for the policy that sqv shall follow.
SEQUOIA = ('/etc/crypto-policies/back-ends/apt-sequoia.config', '/usr/share/apt/default-sequoia.config')


def refuse(signers: Sequence[Key], now: int) -> None:
    """
    :raises BuildError: clients would refuse what these keys sign. One good key is enough while keys are rotated; what
        the others lack is told.
    """
    unable = [key.fingerprint for key in signers if key.signer is None]
    if unable and len(signers) > 1:
        raise BuildError(f'the key {unable[0]} can sign nothing now: it ended, or only certifies; nothing was changed',
                         f'leave it out: --key NEW alone; or make it last: {RENEW} {unable[0]} 5y')
    found = {key.fingerprint: list(objections(key, now)) or list(tried(key, now)) for key in signers}
    if all(found.values()):
        text, way = next(iter(found.values()))[0]
        raise BuildError(f'{text}; nothing was changed', way)
    for lines in found.values():
        for text, _ in lines:
            print(f'build.sh: {text}; the other key carries on', file=sys.stderr)


def tried(key: Key, now: int) -> Iterator[tuple[str, str]]:
    if shutil.which('sqv') and (said := sequoia(key, TRIAL, keys.sign(TRIAL, [key.fingerprint], now))):
        yield said, another(key)


def objections(key: Key, now: int, *, signed_by: str = '') -> Iterator[tuple[str, str]]:
    """What strict clients would say against a key, and the way out.

    :param now: seconds since 1970.
    :param signed_by: fingerprint of the part that has signed; else the one that would sign now counts.
    """
    signer = next((part for part in key.parts if part.fingerprint == signed_by), key.signer)
    yield from part_objections(key, key.primary, now)
    if signer is None:
        yield f'the key {key.fingerprint} has no part that may sign now', another(key)
    elif signer is not key.primary:
        yield from part_objections(key, signer, now)
    yield from signature_objections(key, signer)


def another(key: Key) -> str:
    return (f'make another one: {keys.MAKE}; then ./build.sh publish --refresh --key {key.fingerprint} --key NEW, '
            'and with --key NEW alone once hosts have it')


def part_objections(key: Key, part: Part, now: int) -> Iterator[tuple[str, str]]:
    what = f'the key {key.fingerprint}' if part is key.primary else \
        f'the subkey {part.fingerprint} of the key {key.fingerprint}'
    if part.algorithm != RSA:
        yield f'{what} is no RSA key: clients of 2014 know no other, those of today refuse DSA', another(key)
    elif part.size < LEAST:
        yield f'{what} has {part.size} bits: clients of today want {LEAST}', another(key)
    elif part.size < GOOD and now + NOTICE_DAYS * DAY > LEAST_ENDS:
        yield f'{what} has {part.size} bits, which apt refuses from 2030-02-01 on', another(key)
    if part.validity == 'r':
        yield f'{what} is revoked', another(key)
    if 0 < part.expires < now + NOTICE_DAYS * DAY:
        yield (f'{what} ends on {strftime("%Y-%m-%d", gmtime(part.expires))}, in fewer than {NOTICE_DAYS} days',
               f'{extension(key, part)}, then publish --refresh; or rotate it')


def extension(key: Key, part: Part) -> str:
    return f'{RENEW} {key.fingerprint} 5y' + ('' if part is key.primary else f' {part.fingerprint}')


def signature_objections(key: Key, signer: Part | None) -> Iterator[tuple[str, str]]:
    """The key's signatures on itself: one by SHA-1 counts for nothing."""
    owner = kind = ''
    hashes: dict[tuple[str, str], set[str]] = {}
    for line in packets(keys.export((key.fingerprint,), armor=False)):
        if started := re.match(r':(public (?:sub )?key) packet:', line):
            owner = started[1] if started[1] == 'public key' else ''
        elif found := re.match(r'\s+keyid: (\w+)', line):
            owner = owner or found[1]
        elif found := re.match(r'\s+version \d+, .*sigclass (\w+)', line):
            kind = found[1]
        elif found := re.match(r'\s+digest algo (\d+)', line):
            hashes.setdefault((owner, kind), set()).add(found[1])
        elif found := re.search(r'signature: v\d+, class 0x19, .*digest algo (\d+)', line):
            hashes.setdefault((owner, ANSWER), set()).add(found[1])
    own = set().union(*(found for (name, kind), found in hashes.items() if name == 'public key' and kind in OF_KEY))
    if not own & keys.HASHES:
        yield (f'the key {key.fingerprint} is signed by itself with SHA-1 or the like, which clients of today refuse',
               f'{RENEW} {key.fingerprint} 5y')
    if signer and signer is not key.primary:
        for kind in (OF_SUBKEY, ANSWER):
            if not hashes.get((signer.fingerprint[-16:], kind), set()) & keys.HASHES:
                yield (f'the subkey {signer.fingerprint} of the key {key.fingerprint} is bound to it with SHA-1 or '
                       'the like, which clients of today refuse', another(key))


def packets(exported: bytes) -> list[str]:
    done = subprocess.run(['gpg', *keys.PLAIN, '--list-packets'], input=exported, capture_output=True,
                          env=isolated.environment())
    if done.returncode:
        raise BuildError(f'`gpg --list-packets` failed with status {done.returncode}:\n'
                         + tools.tail(done.stderr.decode(errors='replace')), 'try the same command by hand')
    return done.stdout.decode(errors='replace').splitlines()


def sequoia(key: Key, data: bytes, signature: bytes) -> str:
    """Why sqv refuses a signature by a key; '' when it takes it, or is not here."""
    if shutil.which('sqv') is None:
        return ''
    with workplace.directory() as work, keys.keyring([key.fingerprint]) as ring:
        files = {Path(work) / 'data': data, Path(work) / 'data.asc': signature}
        for path, content in files.items():
            path.write_bytes(content)
        rules = [{'SEQUOIA_CRYPTO_POLICY': path} for path in SEQUOIA if Path(path).exists()]
        signed, detached = files
        done = subprocess.run(['sqv', '--keyring', ring, '--signature-file', detached, signed], capture_output=True,
                              encoding='utf-8', errors='replace', env=isolated.environment(**(rules or [{}])[0]))
    said = ' '.join((done.stderr or done.stdout).split())
    return '' if done.returncode == 0 else f'sqv, which apt 3 asks, refuses the key {key.fingerprint}: {said}'
