"""The packages that carry the public keys to hosts: a keyring deb, and a release rpm with the .repo file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from time import gmtime, strftime

from builder.common import workplace
from builder.common.files import gzipped, sha256
from builder.common.maintainer import maintainer
from builder.common.project import PROJECT
from builder.package.rpm import preflight
from builder.repository import isolated, keys, pypi, releaserpm, targets, yum
from builder.repository.atomic import link
from builder.repository.change import Change
from builder.repository.state import Entry

DEB = 'nova-cascading-archive-keyring'
RPM = 'nova-cascading-release'
NAMES = (DEB, RPM)
HOOK = 'apt-preflight'
GUARD = PROJECT / 'debian/apt-guard'
APT_CONF = 'etc/apt/apt.conf.d/50nova-cascading'
SHARE = Path(__file__).parent / 'templates'


def offer(this: Change) -> None:
    """See that every suite offers the keys and the address of today; a changed one gets a higher version."""
    for name, suite in list(this.state.suites.items()):
        if suite.family == pypi.FAMILY:  # pip knows no keys
            continue
        content = fingerprint(this, name, suite.family)
        if not any(entry.given == content for entry in suite.packages.values()):
            entry = shared(this, name, content) or (deb if suite.family == 'deb' else rpm)(this, name, content)
            this.suite(name, suite.family).packages[entry.path] = entry


def fingerprint(this: Change, name: str, family: str) -> str:
    """Of all that goes into the package; its version stays as long as this does."""
    files = b''.join(path.read_bytes() for path in sorted(SHARE.iterdir()) if path.name != 'page.html')
    own = f'{targets.stable_of(name)} {preflight.text()}' if family == 'rpm' else ''
    what = f'{family} {own} {this.state.url} {maintainer()}'
    return sha256(public(this) + files + GUARD.read_bytes() + what.encode())


def shared(this: Change, name: str, content: str) -> Entry | None:
    """The same package as another suite has: one keyring for all, one release rpm for stable and testing."""
    there = next((entry for suite in this.state.suites.values() for entry in suite.packages.values()
                  if entry.given == content), None)
    if there is None or there.name == DEB:
        return there
    to = f'{yum.directory(name)}/packages/{Path(there.path).name}'
    link(this.work / there.path, this.work / to)
    return replace(there, files={to: there.files[there.path]})


def public(this: Change) -> bytes:
    return keys.export(this.prints, armor=False)


def version(this: Change, name: str, taken: Callable[[str], bool]) -> str:
    """The date of the change, or of the last one if a wrong clock has put that later; a second change of one day gets
    a number behind it."""
    before = [entry.version[:len('2026.01.31')] for suite in this.state.suites.values()
              for entry in suite.packages.values() if entry.name == name]
    day = max([strftime('%Y.%m.%d', gmtime(this.time)), *before])
    return next(text for text in [day, *(f'{day}.{number}' for number in range(1, 1000))] if not taken(text))


def deb(this: Change, name: str, content: str) -> Entry:
    number = version(this, DEB, lambda text: (this.work / pool(text)).exists())
    path = pool(number)
    build_deb(this, number, this.work / path)
    return Entry(DEB, number, 'all', {path: sha256(this.work / path)}, this.time, content)


def pool(number: str) -> str:
    return f'pool/main/n/{DEB}/{DEB}_{number}_all.deb'


def build_deb(this: Change, number: str, to: Path) -> None:
    with workplace.directory() as work:
        root = Path(work)
        fill(root, this, number)
        total = sum(path.stat().st_size for path in root.rglob('*') if path.is_file())
        (root / 'DEBIAN').mkdir()
        (root / 'DEBIAN/control').write_text((SHARE / 'control').read_text().format(
            package=DEB, version=number, maintainer=maintainer(), kilobytes=-(-total // 1024)))
        summed = ['sh', '-c', 'find usr -type f | LC_ALL=C sort | xargs md5sum']
        (root / 'DEBIAN/md5sums').write_text(isolated.run(summed, cwd=root))
        (root / 'DEBIAN/conffiles').write_text(f'/{APT_CONF}\n')
        for path in [root, *root.rglob('*')]:
            path.chmod(0o755 if path.is_dir() or path.name == HOOK else 0o644)
            os.utime(path, (this.time, this.time))  # dpkg-deb changes only what is later, and this may be ahead of now
        to.parent.mkdir(parents=True, exist_ok=True)
        # gzip: what every dpkg reads.
        isolated.run(['dpkg-deb', '--root-owner-group', '-Zgzip', '-z9', '--build', root, to],
                        SOURCE_DATE_EPOCH=str(this.time))
    os.utime(to, (this.time, this.time))


def fill(root: Path, this: Change, number: str) -> None:
    doc = root / 'usr/share/doc' / DEB
    (doc / 'examples').mkdir(parents=True)
    ring = root / 'usr/share/keyrings' / f'{DEB}.gpg'
    ring.parent.mkdir(parents=True)
    ring.write_bytes(public(this))
    for source, to in ((GUARD, f'usr/share/nova-cascading/{HOOK}'), (SHARE / 'apt.conf', APT_CONF)):
        (root / to).parent.mkdir(parents=True)
        shutil.copyfile(source, root / to)
    shutil.copyfile(SHARE / 'copyright', doc / 'copyright')
    example = (SHARE / 'nova-cascading.sources').read_text()
    (doc / 'examples/nova-cascading.sources').write_text(
        example.format(url=this.state.url, keyring=f'/{ring.relative_to(root)}'))
    log = (SHARE / 'changelog').read_text().format(package=DEB, version=number, maintainer=maintainer(),
                                                   keys=', '.join(key.fingerprint for key in this.keys),
                                                   date=formatdate(this.time, usegmt=True).replace('GMT', '+0000'))
    (doc / 'changelog.gz').write_bytes(gzipped(log.encode()))


def rpm(this: Change, name: str, content: str) -> Entry:
    """The release rpm of one yum repository: its .repo file names that repository and its testing channel."""
    place = this.work / yum.directory(name) / 'packages'
    number = version(this, RPM, lambda text: any(place.glob(f'{RPM}-{text}-*')))
    path = place / f'{RPM}-{number}-1.noarch.rpm'
    path.parent.mkdir(parents=True, exist_ok=True)
    releaserpm.build(url=this.state.url, suite=targets.stable_of(name), version=number, epoch=this.time, to=path,
                  key=keys.export(this.prints, armor=True))
    yum.sign_packages([path], this.keys[0].fingerprint, this.time)
    to = str(path.relative_to(this.work))
    return Entry(RPM, f'{number}-1', 'noarch', {to: sha256(path)}, this.time, content)
