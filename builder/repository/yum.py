"""One yum repository: signed rpms, createrepo_c's metadata, and the signature of repomd.xml."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from builder.common import rpmquery
from builder.common.errors import BuildError
from builder.common.files import sha256
from builder.repository import isolated, keys, sums
from builder.repository.atomic import link, replace
from builder.repository.state import Entry, Suite

GENERATIONS = 16
FILES_A_GENERATION = 3  # primary, filelists, other
STATES = 'states'


def directory(name: str) -> str:
    return f'yum/{name}'


def write(root: Path, name: str, suite: Suite, signers: Sequence[str], url: str) -> None:
    """Make the metadata of one yum repository anew from its entries, and sign it.

    :param root: the working copy; its present metadata, already verified, saves reading the packages that stay.
    :param url: address of the whole repository.
    """
    top = root / directory(name)
    top.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='.repodata-', dir=top) as work:
        packages = Path(work) / 'list'
        packages.write_text(''.join(f'{Path(path).relative_to(directory(name))}\n' for path in sorted(suite.packages)))
        isolated.run(['createrepo_c', '--quiet', '--no-database', '--general-compress-type', 'gz',
                         '--checksum', 'sha256', '--revision', str(suite.time), '--set-timestamp-to-revision',
                         '--update', '--skip-stat', '--update-md-path', top, '--pkglist', packages,
                         '--outputdir', work, top])
        install(Path(work) / 'repodata', top / 'repodata', signers, suite.time)
    keep(top, f'{url}/{directory(name)}', suite.time)


def install(made: Path, place: Path, signers: Sequence[str], time: int) -> None:
    """Move new metadata beside the old: its files carry their checksums in their names."""
    repomd = (made / 'repomd.xml').read_bytes()
    for path in made.iterdir():
        replace(place / path.name, path.read_bytes(), time)
    replace(place / 'repomd.xml.asc', keys.sign(repomd, signers, time), time)
    old = sorted(place.glob('*.xml.gz'), key=lambda path: (path.stat().st_mtime, path.name), reverse=True)
    for path in old[GENERATIONS * FILES_A_GENERATION:]:
        path.unlink()


def keep(top: Path, url: str, time: int) -> None:
    """Keep this metadata under an address of its own, and name that first in ``mirrorlist``.

    A client reads repomd.xml and then repomd.xml.asc. Between the two a publish may come, and no signature fits both
    the old and the new file; the addresses in the mirrorlist never change what they hold.
    """
    repodata = top / 'repodata'
    repomd = (repodata / 'repomd.xml').read_bytes()
    state = top / STATES / f'{time}-{sha256(repomd)[:12]}'
    for name in ['repomd.xml', 'repomd.xml.asc', *re.findall(r'href="repodata/([^"]+)"', repomd.decode())]:
        link(repodata / name, state / 'repodata' / name)
    if not (state / 'packages').is_symlink():
        (state / 'packages').symlink_to(sums.LINK_TO)
    replace(top / 'mirrorlist', f'{url}/{STATES}/{state.name}/\n{url}/\n'.encode(), time)
    for old in sorted((top / STATES).iterdir(), reverse=True)[GENERATIONS:]:
        shutil.rmtree(old)


def sign_packages(paths: Sequence[Path], signer: str, time: int, *, again: bool = False) -> None:
    """Sign rpms in place.  EL6 and EL7 want the old kind of signature (header and payload): --rpmv3 adds that one.

    :param signer: fingerprint; an rpm carries one signature.
    :param again: replace the signatures there are.
    """
    if not paths:
        return
    if again:  # rpmsign leaves a signature by the same key as it is
        isolated.run(['rpmsign', '--delsign', *paths])
    defines = [word for name, value in signing(signer, time).items() for word in ('--define', f'{name} {value}')]
    isolated.run(['rpmsign', *defines, '--rpmv3', '--addsign', *paths],
                 hint=isolated.LOCKED)
    for name in unreadable(paths):
        raise BuildError(f'{Path(name).name} has no RSA signature of its header: rpm before 6 does not read its format',
                         'build it again with ./build.sh, which makes packages of format 4')
    for path in paths:
        path.chmod(0o644)
        os.utime(path, (time, time))


def resign(root: Path, name: str, entries: Sequence[Entry], signer: str, time: int) -> None:
    """Give published packages another signature; the metadata is then made from the packages themselves."""
    paths = [root / path for entry in entries for path in entry.files]
    for path in paths:
        replace(path, path.read_bytes(), time)  # not the file that readers see
    sign_packages(paths, signer, time, again=True)
    for entry in entries:
        entry.files = {path: sha256(root / path) for path in entry.files}
    # createrepo_c takes from it what it says of a file that it knows by name.
    shutil.rmtree(root / directory(name) / 'repodata', ignore_errors=True)


def unreadable(paths: Sequence[str | Path], cwd: Path | None = None) -> list[str]:
    """The rpms among these that clients before rpm 6 take for unsigned."""
    shown = rpmquery.query('%|RSAHEADER?{}:{no}|\\n', [Path(cwd or '', path) for path in paths], run=isolated.run)
    return [str(path) for path, line in zip(paths, shown.splitlines()) if line]


def signing(signer: str, time: int) -> dict[str, str]:
    """rpm's macros for signing: gpg as ``keys`` runs it, whatever ~/.rpmmacros, /etc/rpm and gpg.conf say."""
    home = [f'"{name}={place}"' for name, place in (('HOME', isolated.user_home()),
                                                    ('GNUPGHOME', isolated.gnupg_home()))]
    gpg = ' '.join(['gpg', *keys.PLAIN, '--faked-system-time', f'{time}!'])
    command = f'{" ".join(home)} {gpg} -u {signer} -sbo'.replace('%', '%%')
    old = f'/usr/bin/env env {command} "%{{__signature_filename}}" %{{?__plaintext_filename:-- ' \
          '"%{__plaintext_filename}"}'
    new = f'/usr/bin/env {command} "%{{2}}" -- "%{{1}}"'
    # rpm 6 has made a macro with parameters of it, and takes the first word for the program's own name no more.
    parametric = '__signature_filename' not in isolated.run(['rpm', '--showrc'])
    return {'_gpg_name': signer, '_gpg_digest_algo': 'sha256', '_signature': 'gpg', '_openpgp_sign': 'gpg',
            '_tmppath': '/var/tmp', **({'__gpg_sign_cmd()': new} if parametric else {'__gpg_sign_cmd': old})}
