"""Unpacks packages of nova: .deb, .rpm, .dsc and .src.rpm; tells the stock package that a fork of them replaces."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from builder.common import deb822, rpmquery, tools
from builder.common.errors import BuildError
from builder.common.model import Stock
from builder.source import unpack

# What may stand in a file name, a makefile, a spec or a shell script (Debian Policy 5.6; rpm's own rules are laxer).
NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9.+_-]*')
VERSION = {'deb': re.compile(r'([0-9]+:)?[0-9][A-Za-z0-9.+~-]*'),
           'rpm': re.compile(r'([0-9]+:|\(none\):)?[A-Za-z0-9.+~^_]+-[A-Za-z0-9.+~^_]+')}
RELATIONS = {'deb': ('Pre-Depends', 'Depends', 'Recommends', 'Suggests', 'Enhances', 'Breaks', 'Provides', 'Conflicts',
                     'Replaces'),
             'rpm': ('Requires', 'Provides')}
# make and a shell would carry out $ and quotes, rpmbuild a %; no distribution needs any of them there.
RELATION = {'deb': re.compile(r'[A-Za-z0-9 .+~:<>=()|,_-]*'),
            'rpm': re.compile(r'[A-Za-z0-9 .+~^:<>=()\[\]|,_/@&!*-]*')}
RPM_FIELDS = {
    'Requires': '[%{REQUIRENAME} %{REQUIREFLAGS:depflags} %{REQUIREVERSION}\\n]',
    'Provides': '[%{PROVIDENAME} %{PROVIDEFLAGS:depflags} %{PROVIDEVERSION}\\n]',
}


def deb(path: Path, to: Path) -> Stock:
    """Unpack a binary .deb.

    :returns: what it is, with its control fields.
    :raises BuildError: it is damaged.
    """
    tools.need(['dpkg-deb'])
    control = tools.run(['dpkg-deb', '--field', path], hint='get the package again')
    fields = deb822.fields(control)
    fields.update({name: ' '.join(fields[name].split()) for name in RELATIONS['deb'] if name in fields})
    stock = checked(Stock(fields.get('Package', ''), fields.get('Version', ''), 'deb', fields), path)
    unpack.package(['dpkg-deb', '--fsys-tarfile', '/dev/stdin'], path, to)
    return stock


def checked(stock: Stock, path: Path | str) -> Stock:
    """The same, when it may be believed: its name, version and relations end in makefiles, specs and scripts.

    :param path: what said so.

    :raises BuildError: they hold what no distribution's do.
    """
    if not NAME.fullmatch(stock.name) or not VERSION[stock.family].fullmatch(stock.version):
        raise BuildError(f'{path} calls itself {stock.name!r} {stock.version!r}: that is no package and no version',
                         'get the package again from where it was released')
    lines = [line for name in RELATIONS[stock.family] for line in stock.fields.get(name, '').split('\n')]
    strange = [line for line in lines if not RELATION[stock.family].fullmatch(line)]
    if strange:
        raise BuildError(f'{path} has the relation {strange[0]!r}, which no package needs',
                         'get the package again from where it was released')
    return stock


def rpm(path: Path, to: Path) -> Stock:
    """Unpack a binary .rpm; see ``deb``."""
    stock = rpm_header(path)
    unpack.package(['rpm2archive', '-'], path, to)
    return stock


def rpm_header(path: Path) -> Stock:
    """What a .rpm or .src.rpm says of itself; lists are one entry a line."""
    tools.need(['rpm', 'rpmkeys', 'rpm2archive'])
    rpmquery.refuse_damaged([path], 'get the package again')
    name, _, version = rpmquery.query('%{NAME} %{EVR}', [path], hint='get the package again').partition(' ')
    fields = {field: rpmquery.query(form, [path]).strip() for field, form in RPM_FIELDS.items()}
    return checked(Stock(name, version, 'rpm', fields), path)


def dsc(path: Path, to: Path) -> Stock:
    """Unpack a Debian source package with its patches applied, as ``dpkg-source`` does it (nothing of it is run)."""
    tools.need(['dpkg-source'])
    hint = f'get all files that {path.name} lists (`dget`, `apt-get source --download-only nova`), or give the .deb'
    tools.run(['dpkg-source', '--extract', path, to / 'source'], hint=hint)
    control = (to / 'source' / 'debian' / 'control').read_text()
    version = deb822.fields(path.read_text()).get('Version', '')
    name = 'python3-nova' if 'Package: python3-nova\n' in control else 'python-nova'
    return checked(Stock(name, version, 'deb'), path)


def src_rpm(path: Path, to: Path) -> Stock:
    """Unpack the tarball of a source rpm and apply its patches in the spec's order; the spec itself is not run.

    A spec that patches by other means than PatchN cannot be followed that way: give the built .rpm then.
    """
    tools.need(['patch'])
    header = rpm_header(path)
    packed = to / 'packed'
    packed.mkdir()
    unpack.package(['rpm2archive', '-'], path, packed)
    spec = next(iter(packed.glob('*.spec')), None)
    tarball = next(iter(sorted(packed.glob('*nova*.tar*'))), None)
    if spec is None or tarball is None:
        raise BuildError(f'{path} holds no spec or no nova tarball', 'give the library package, the built .rpm')
    unpack.tar(tarball, to)
    top = next((child for child in sorted(to.iterdir()) if child.is_dir() and child != packed), packed)
    for patch in spec_patches(spec.read_text(errors='replace')):
        _apply(packed / patch, top, path)
    return Stock(library(spec.read_text(errors='replace'), header.version), header.version, 'rpm')


def library(spec: str, version: str) -> str:
    """What RDO's spec calls the library; those of Stein and Train make another on EL7 than on EL8."""
    if re.search(r'\.el[67](\D|$)', version):
        return 'python2-nova' if 'python%{pyver}-nova' in spec else 'python-nova'
    return 'python3-nova' if 'python3' in spec else 'python-nova'


def spec_patches(spec: str) -> list[str]:
    """The file names of a spec's patches, by number; a spec without %autosetup applies those its %prep names."""
    found = {int(number or 0): name.rsplit('/', 1)[-1]
             for number, name in re.findall(r'^Patch(\d*):\s*(\S+)', spec, re.MULTILINE)}
    if not re.search(r'^%(autosetup|autopatch)|git am', spec, re.MULTILINE):
        applied = re.findall(r'^%patch(?:\s+-P\s*|\s+)?(\d+)', spec, re.MULTILINE)
        return [found[int(number)] for number in applied if int(number) in found]
    return [found[number] for number in sorted(found)]


def _apply(patch: Path, top: Path, package: Path) -> None:
    with patch.open('rb') as stdin:
        done = subprocess.run(['patch', '-p1', '--fuzz=0', '--batch', '--silent', '--unified'], cwd=top, stdin=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding='utf-8', errors='replace',
                              env={'PATH': os.environ['PATH'], 'LC_ALL': 'C.UTF-8'})
    if done.returncode:
        raise BuildError(f'{package}: its {patch.name} does not apply to its tarball:\n{tools.tail(done.stdout, 4)}',
                         'give the built .rpm of the library instead')


def upstream_version(package_version: str) -> str:
    """Nova's version in a package's: ``2:26.2.2-1~deb12u5`` is 26.2.2."""
    found = re.match(r'(?:\d+:)?(\d+(?:\.\d+)*(?:[.~]?0?(?:a|b|rc)\d+)?)', package_version)
    return found[1].replace('~', '.') if found else ''
