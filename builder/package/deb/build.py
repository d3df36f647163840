"""Debian packages: a source package that needs only debhelper to be rebuilt, and the binary package of it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from builder.common import tools
from builder.common.model import Fork, Tree
from builder.package import tarball
from builder.package.deb import template

NEEDS = ('dpkg-buildpackage', 'dh_builddeb', 'make', 'xz', 'tar')
PRODUCTS = ('.dsc', '.tar.xz', '.deb', '.changes', '.buildinfo')
# Nobody signs here; what is missing was installed above; a fresh directory needs no cleaning.
QUIET = ('--no-sign', '--no-check-builddeps', '--no-pre-clean')


def build(fork: Fork, out: Path, *, revision: int, epoch: int, source_only: bool = False) -> list[Path]:
    """Make the Debian source and binary package of a fork.

    :param out: directory that gets .dsc, .orig*.tar.xz, .debian.tar.xz and .deb, all of them or none; and what uploads
        need, .changes and .buildinfo: these two describe the build machine.
    :param revision: N of ``+cascadingN`` behind the stock version.
    :param source_only: make no .deb.
    :param epoch: SOURCE_DATE_EPOCH in seconds: the youngest time in any of the packages.
    :returns: the files in `out`.
    :raises BuildError: with the end of the log when a tool stops.
    """
    tools.need(NEEDS)
    with tempfile.TemporaryDirectory(prefix='.deb-', dir=out) as scratch:
        work = Path(scratch)
        facts = template.facts(fork, revision, epoch)
        source = unpacked(fork.tree, facts, work)
        template.write(fork, facts, source / 'debian')
        tools.run(['dpkg-buildpackage', f'--build={"source" if source_only else "full"}', *QUIET], cwd=source,
                  env=environment(work, epoch), hint='correct what the last lines say and run the same command again')
        return [file.replace(out / file.name) for file in sorted(work.iterdir()) if file.name.endswith(PRODUCTS)]


def unpacked(tree: Tree, facts: dict[str, str], work: Path) -> Path:
    """The upstream tarball as a component, and the source directory with what is in it.

    Two stock revisions of one upstream version share the main tarball's name, so that one stays empty, and the
    component is named after the revision.
    """
    name, version, component = facts['PACKAGE'], facts['UPSTREAM_VERSION'], facts['COMPONENT']
    packed = tarball.write(tree, name, version, work).rename(work / f'{name}_{version}.orig-{component}.tar.xz')
    # Not by dpkg-source --create-empty-orig: that of dpkg 1.23 looks for it in another directory than it puts it.
    tarball.empty(work / f'{name}_{version}.orig.tar.xz')
    source = work / f'{name}-{version}'
    (source / component).mkdir(parents=True)
    tools.run(['tar', '--extract', '--strip-components=1', '--file', packed, '--directory', source / component])
    return source


def environment(work: Path, epoch: int) -> dict[str, str]:
    """Nothing of the caller's: the same variables give the same bytes."""
    return {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C.UTF-8', 'TMPDIR': str(work), 'HOME': '/nonexistent',
            'SOURCE_DATE_EPOCH': str(epoch), 'XZ_DEFAULTS': '--threads=2'}  # dpkg-source's own choice since 1.21
