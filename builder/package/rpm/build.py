"""Turns a fork into source and binary rpm with rpmbuild, in the same bytes wherever it runs."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from builder.common import manager, tools
from builder.common.errors import BuildError
from builder.common.model import Fork, Tree
from builder.package.rpm import preflight, readable, sources


def build(fork: Fork, out: Path, *, revision: int, epoch: int, source_only: bool = False) -> list[Path]:
    """Build ``.src.rpm`` and ``.noarch.rpm`` and put both, with the preflight script, into a directory.

    The binary is built from the source rpm alone (``-bs``, then ``--rebuild``): that proves it complete, and keeps the
    name of the build directory out of the result.

    :param out: an existing directory; nothing is put there unless all were made.
    :param revision: the N of ``.cascadingN``.
    :param source_only: make the ``.src.rpm`` alone.
    :param epoch: the time that ends up in the packages, in seconds since 1970.
    :returns: the three files.
    :raises BuildError: when rpmbuild fails, or the rpm could not be read where its nova runs.
    """
    tools.need(['rpmbuild', 'patch', 'xz', 'module:packaging', *([] if os.geteuid() == 0 else ['fakeroot']),
                *(['python3-config'] if checks_requirements(fork.tree) else [])])
    with tempfile.TemporaryDirectory(prefix='.rpm-', dir=out) as work:
        spec = sources.lay_out(fork, Path(work) / 'SOURCES', revision=revision, epoch=epoch)
        source = rpmbuild(Path(work), '-bs', spec, fork.tree)
        made = [source]
        if not source_only:
            made.append(rpmbuild(Path(work), '--rebuild', source, fork.tree))
        for package in made:
            readable.check(package, of_2014=fork.tree.python == 2)
        if not source_only:
            made.append(preflight.write(Path(work), epoch))
        return [path.replace(out / path.name) for path in made]


def checks_requirements(tree: Tree) -> bool:
    """Can rpmbuild look up BuildRequires?  Debian's rpm database knows no packages, and newer EL no Python 2."""
    return manager.family() == 'rpm' and tree.python == 3


def rpmbuild(work: Path, mode: str, what: Path, tree: Tree) -> Path:
    """Run rpmbuild in ``work`` and return the one package it wrote.

    The rpm macros and the environment of the user and of this machine stay out, so that they cannot change the package.
    """
    done = work / 'done'
    defines: dict[str, str | Path] = {
        '_srcrpmdir': done, '_rpmdir': done, '_build_name_fmt': '%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm'}
    if mode == '-bs':
        # Relative: a source rpm keeps the expanded spec, with these paths in it (RPMTAG_SPEC).
        defines.update(_topdir='.', _sourcedir='SOURCES', _builddir='.', _buildrootdir='BUILDROOT')
    else:
        defines['_topdir'] = work / 'build'
    # A source rpm names the owner of each file; fakeroot: root's, whoever builds.
    words = [*([] if os.geteuid() == 0 else ['fakeroot']), 'rpmbuild', '--quiet', '--target', 'noarch',
             '--macros', macro_files(), '--dbpath', tools.run(['rpm', '--eval', '%_dbpath']).strip()]
    if not checks_requirements(tree):
        words.append('--nodeps')
    words += [word for name, value in defines.items() for word in ('--define', f'{name} {value}')]
    tools.run([*words, mode, what], cwd=work, env={
        'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': str(work), 'LC_ALL': 'C.UTF-8', 'TMPDIR': str(work)})
    return next(done.glob('*.src.rpm' if mode == '-bs' else '*.noarch.rpm'))


def macro_files() -> str:
    """Where rpm's and the distribution's macros are, without those that people set in /etc and in their home."""
    found = re.search(r'^Macro path: (.+)$', tools.run(['rpm', '--showrc']), re.MULTILINE)
    if found is None:
        raise BuildError('rpm --showrc names no Macro path', 'report it, with the output of `rpm --version`')
    return ':'.join(path for path in found[1].split(':') if not path.startswith(('/etc/', '~')))
