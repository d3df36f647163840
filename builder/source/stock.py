"""Downloads, and does not install, the nova library package that this host's package manager offers."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path
from typing import NamedTuple

from builder.common import deb822, manager, tools
from builder.common.errors import BuildError
from builder.common.model import Stock, Tree
from builder.common.progress import say
from builder.source import cache, packaged, series, signature

NAMES = ('python3-nova', 'python-nova', 'python2-nova')
OTHERWISE = 'name another source: a release (./build.sh 26.3.0), or the path of a tarball, tree or package'
# What apt-get calls the hash of a file, whichever its archive has.
HASHES = {'SHA512': 'sha512', 'SHA256': 'sha256', 'SHA1': 'sha1', 'MD5Sum': 'md5'}
RPM_DOWNLOAD = {'dnf': ['dnf', '--quiet', '--refresh', '--setopt=exit_on_lock=1', 'download', '--destdir'],
                'yum': ['yumdownloader', '--quiet', '--destdir']}


class Offer(NamedTuple):
    """What apt would download; the hash is '' where the archive states none that we know."""

    name: str
    file: str
    algorithm: str
    digest: str

    def is_in(self, path: Path) -> bool:
        return bool(self.algorithm) and path.is_file() \
            and hashlib.new(self.algorithm, path.read_bytes()).hexdigest() == self.digest


def download(work: Path) -> Path:
    """The package's file.

    :param work: an existing directory.
    :raises BuildError: the package manager offers none, or lists one it does not have.
    """
    if manager.name() == 'apt-get':
        return _apt(work)
    if manager.name():
        return _rpm(work)
    raise BuildError('this host has neither apt-get nor dnf nor yum to get a stock nova with', OTHERWISE)


def _rpm(work: Path) -> Path:
    _need_download()
    found = _fetched([*RPM_DOWNLOAD[manager.name()], str(work)], work, '*.rpm')
    signature.look_at(found)
    return found


def _need_download() -> None:
    """Downloading is a plugin of dnf's, and a command beside yum, that small systems have not."""
    there = tools.attempt(['dnf', 'download', '--help']).returncode == 0 if manager.name() == 'dnf' \
        else shutil.which('yumdownloader') is not None
    package = 'dnf-plugins-core' if manager.name() == 'dnf' else 'yum-utils'
    if not there and not manager.is_root():
        raise BuildError(f'{manager.name()} cannot download: {package} is missing', manager.command([package]))
    if not there:
        manager.install([package])


def _apt(work: Path) -> Path:
    failed = manager.refresh()
    offer = _offer()
    if offer is None:
        raise BuildError(f'this host offers no stock nova ({" or ".join(NAMES)})'
                         + (f'; apt-get update failed:\n{failed}' if failed else ''),
                         f'`apt-get update`, if the package lists are old; else {OTHERWISE}')
    _tell_age()
    kept = cache.directory() / offer.file
    if offer.is_in(kept):
        return kept
    return cache.keep(_fetched(['apt-get', '-qq', 'download'], work, '*.deb', (offer.name,)))


def _tell_age() -> None:
    """Old lists name a version that up-to-date hosts do not have any more."""
    age = manager.age()
    if manager.DAY < age < float('inf') and not manager.is_root():
        say(f'note: the package lists of this machine are {manager.told(age)} old, and hosts may have a newer nova by '
            f'now: sudo apt-get update')


def _offer() -> Offer | None:
    for name in NAMES:
        done = tools.attempt(['apt-get', '-qq', 'download', '--print-uris', name])
        found = re.match(r"'\S+' (\S+) \d+(?: (\w+):(\w+))?", done.stdout)
        if done.returncode == 0 and found:
            return Offer(name, found[1], HASHES.get(found[2] or '', ''), found[3] or '')
    return None


def _fetched(command: list[str], work: Path, pattern: str, names: tuple[str, ...] = NAMES) -> Path:
    said = ''
    for name in names:
        done = manager.run([*command, name], cwd=work)
        found = sorted(path for path in work.glob(pattern) if not path.name.endswith('.src.rpm'))
        if done.returncode == 0 and found:
            return found[-1]
        said += done.stdout
    raise BuildError(f'the package manager could not download {" or ".join(names)}:\n{tools.tail(said, 4)}',
                     f'check the network and refresh the package lists; or {OTHERWISE}')


def version(name: str, wanted: str, work: Path) -> list[Path]:
    """The files that this machine's package manager has of one version of a package; none when it has none."""
    if manager.name() == 'apt-get':
        manager.run(['apt-get', '-qq', 'download', f'{name}={wanted}'], cwd=work)
    elif manager.name():
        manager.run([*RPM_DOWNLOAD[manager.name()], str(work), f'{name}-{wanted.partition(":")[2] or wanted}'])
        for path in sorted(work.glob('*.rpm')):
            signature.look_at(path)
    return sorted(path for path in work.iterdir() if path.suffix in ('.deb', '.rpm'))


def alike(tree: Tree) -> Stock | None:
    """The stock package of a release's own series that this machine's apt knows, with its control fields.

    A fork of the release installs over it, and must then go on needing what it needed: else `apt-get autoremove`
    takes that away.
    """
    if tree.stock is not None and tree.stock.fields or manager.name() != 'apt-get':
        return None
    name = NAMES[0] if tree.python == 3 else NAMES[1]
    done = tools.attempt(['apt-cache', 'show', '--no-all-versions', name])
    fields = deb822.fields(done.stdout)
    if done.returncode or series.number(fields.get('Version', '')) != series.number(tree.version):
        return None
    return packaged.checked(Stock(name, fields['Version'], 'deb', fields), f'the {name} of this machine\'s apt')
