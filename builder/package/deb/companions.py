"""The companion set for dpkg before 1.17.11, which ignores versioned Provides.

The stock service packages, re-versioned to depend on the fork by its own name. Their files stay as they are.
"""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

from builder.common import deb822, tools
from builder.common.errors import BuildError
from builder.common.files import gzipped
from builder.common.model import Fork
from builder.package import standin
from builder.package.deb import template
from builder.source import packaged

# In front of what the stock package does before it is unpacked, and in a shell of its own.
QUESTION = """# nova-cascading: a service is exchanged only when its database can be migrated.
sh -s companion "$@" <<'END_OF_QUESTION' || exit 1
{script}
END_OF_QUESTION
"""
RELATIONS = ('Pre-Depends', 'Depends', 'Recommends', 'Suggests')


def build(fork: Fork, stock_debs: Path, out: Path, *, revision: int, epoch: int) -> list[Path]:
    """Re-version the stock service packages that need the stock library package.

    :param stock_debs: directory with the stock .deb files of the version that the fork stands in for.
    :param revision: as for the fork's own packages, and so is `epoch`.
    :returns: ``<name>_<stock version>+cascadingN_<architecture>.deb`` of each, in `out`.
    :raises BuildError: when nothing in the directory depends on the stock package at its exact version.
    """
    tools.need(['ar', 'dpkg-deb'])
    stock = standin.of(fork.tree, 'deb')
    debs = {deb: control(deb) for deb in sorted(stock_debs.glob('*.deb'))}
    chosen = companions_of(stock.name, stock.version, list(debs.values()))
    if not chosen:
        raise BuildError(f'{stock_debs}: no .deb in it depends on {stock.name} (= {stock.version})',
                         f'put the service packages of exactly {stock.version} there, or name another --stock-version')
    own = template.own_version(stock.version, revision)
    question = QUESTION.format(script=template.preinst(template.facts(fork, revision, epoch)))
    renames = {stock.name: standin.package_name(fork.tree), **{name: name for name in chosen}}
    return [repacked(deb, reversioned(text, renames, stock.version, own), question, out, epoch)
            for deb, text in debs.items() if field(text, 'Package') in chosen]


def control(deb: Path) -> str:
    """
    :raises BuildError: it is damaged, or its name is none.
    """
    text = tools.run(['dpkg-deb', '--field', deb], hint='get the package again')
    for name in ('Package', 'Architecture'):  # they end in the name of a file
        if not packaged.NAME.fullmatch(field(text, name)):
            raise BuildError(f'{deb} has the {name} {field(text, name)!r}, which is none', 'get the package again')
    return text


def companions_of(library: str, version: str, controls: list[str]) -> set[str]:
    """Names of the packages that need the library at this very version, be it through one another."""
    chosen: set[str] = set()
    while True:
        more = {field(text, 'Package') for text in controls
                if field(text, 'Version') == version and needs(text, {library} | chosen, version)} - chosen - {library}
        if not more:
            return chosen
        chosen |= more


def needs(text: str, names: set[str], version: str) -> bool:
    return any(exactly(name, version).search(field(text, relation)) for relation in RELATIONS for name in names)


def exactly(name: str, version: str) -> re.Pattern[str]:
    return re.compile(rf'(?<![\w.+-]){re.escape(name)}(?::\w+)?\s*\(=\s*{re.escape(version)}\)')


def field(text: str, name: str) -> str:
    return deb822.fields(text).get(name, '')


def reversioned(text: str, renames: dict[str, str], stock: str, own: str) -> str:
    """A control file with the new version and the relations that this asks for, all else as it was.

    :param renames: package -> the one to need at version `own` by those who needed the first at version `stock`.
    """
    fields = [_field_reversioned(one, renames, stock, own) for one in re.split(r'\n(?![ \t])', text.rstrip('\n'))]
    return '\n'.join(fields) + '\n'


def _field_reversioned(one: str, renames: dict[str, str], stock: str, own: str) -> str:
    name, value = one.split(':', 1)
    if name == 'Version':
        return f'Version: {own}'
    if name == 'Source' and '(' not in value:  # the source is still the stock one (Debian Policy 5.6.1)
        return f'{one} ({stock})'
    if name in RELATIONS:
        for needed, instead in renames.items():
            one = exactly(needed, stock).sub(f'{instead} (= {own})', one)
    return one


def repacked(deb: Path, text: str, question: str, out: Path, epoch: int) -> Path:
    """The package with another control file and a question in its preinst; the archive of its files stays as it is."""
    version = field(text, 'Version').split(':', 1)[-1]
    target = out / f'{field(text, "Package")}_{version}_{field(text, "Architecture")}.deb'
    with tempfile.TemporaryDirectory() as scratch:
        tools.run(['ar', 'x', deb.resolve()], cwd=scratch)
        data = next(Path(scratch).glob('data.tar*'))
        Path(scratch, 'control.tar.gz').write_bytes(control_archive(deb, text, question, epoch))
        tools.run(['ar', 'rcDS', target.resolve(), 'debian-binary', 'control.tar.gz', data.name], cwd=scratch)
    return target


def control_archive(deb: Path, text: str, question: str, epoch: int) -> bytes:
    done = subprocess.run(['dpkg-deb', '--ctrl-tarfile', deb], capture_output=True)
    if done.returncode:
        raise BuildError(f'{deb} is damaged:\n{tools.tail(done.stderr.decode(errors="replace"))}', 'get it again')
    stock = done.stdout
    packed = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(stock)) as old, \
            tarfile.open(fileobj=packed, mode='w', format=tarfile.GNU_FORMAT) as new:
        members = old.getmembers()
        contents = {one.name: old.extractfile(one).read() for one in members if one.isfile()}  # type: ignore[union-attr]
        changed = {'./control': text.encode('utf-8'), './preinst': asking(contents.get('./preinst', b''), question)}
        if './preinst' not in contents:
            members.append(script('./preinst'))
        for member in members:
            content = changed.get(member.name, contents.get(member.name, b''))
            if member.name in changed:
                member.size, member.mtime = len(content), epoch
            new.addfile(member, io.BytesIO(content))
    return gzipped(packed.getvalue())


def script(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.mode, member.uname, member.gname = 0o755, 'root', 'root'
    return member


def asking(preinst: bytes, question: str) -> bytes:
    """A preinst that asks first; one that is no shell script stays as it is."""
    first, _, rest = (preinst or b'#!/bin/sh\n').partition(b'\n')
    if not re.fullmatch(rb'#! ?/bin/(ba|da)?sh( -e)?', first):
        return preinst
    return first + b'\n' + question.encode('utf-8') + rest
