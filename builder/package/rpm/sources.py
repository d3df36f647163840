"""Lays out what a source rpm consists of: the spec, nova as it was released, our patches, and our own files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from builder.common.model import Fork
from builder.common.project import PROJECT
from builder.fork import quilt
from builder.package import standin, tarball
from builder.package.rpm import evr, requires, values

OWN_FILES = ('LICENSE', 'debian/nova-cascading', 'debian/50-nova-cascading.conf', 'debian/nova-cascading.8',
             'debian/nova-cascading.conf.sample', 'debian/nova-cascading-catch-up.service', 'rpm/dnf-plugin.py',
             'rpm/yum-plugin.py', 'rpm/yum-plugin.conf')


def lay_out(fork: Fork, to: Path, *, revision: int, epoch: int) -> Path:
    """Fill the directory ``to`` with everything that ``rpmbuild -bs`` needs; returns the path of the spec."""
    to.mkdir(parents=True)
    tree, stock, name = fork.tree, standin.of(fork.tree, 'rpm'), standin.package_name(fork.tree)
    tarball.write(tree, name, evr.parse(stock.version).version, to)
    patches = quilt.series(fork)
    for patch, text in patches:
        (to / patch).write_text(text, encoding='utf-8')
    for own in OWN_FILES:
        shutil.copy(PROJECT / own, to)
    wanted = requires.of(tree, stock)
    spec = to / f'{name}.spec'
    spec.write_text(values.of(tree, [patch for patch, _ in patches], wanted, revision=revision, epoch=epoch)
                    + (PROJECT / 'rpm/compat-macros.inc').read_text(encoding='utf-8')
                    + (PROJECT / 'rpm/python-nova-cascading.spec').read_text(encoding='utf-8'), encoding='utf-8')
    for path in to.iterdir():
        os.utime(path, (epoch, epoch))
        path.chmod(0o644)
    return spec
