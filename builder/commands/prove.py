"""Builds packages again from what they say they are made of, and compares: are they what this project makes of it?

FILE is a deb or rpm of this project, signed or not, a wheel or an sdist. The stock package or release that it names is
looked for in the cache of sources, at this machine's package manager and upstream; --source names it otherwise.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from builder.common import deb822, environment, project, rpmquery, tools, workplace
from builder.common.errors import BuildError, UsageError
from builder.common.files import sha256
from builder.common.maintainer import Maintainer, maintainer, parsed
from builder.common.progress import step
from builder.package import standin
from builder.repository import pythonfiles
from builder.repository.incoming import content_of
from builder.source import cache, packaged, stock

# What ./build.sh writes, and no more: words of it become words of a command.
RELEASED = re.compile(r'nova ([0-9][0-9A-Za-z.]*) as released, commit [0-9a-f]{40}')
PACKAGED = re.compile(rf'({packaged.NAME.pattern}) ([0-9][A-Za-z0-9.+~:^_-]*), sha256 ([0-9a-f]{{64}})')
OTHER = re.compile(r'nova [0-9][A-Za-z0-9.+~_-]*, git tree [0-9a-f]{40}')
OWN = re.compile(r'[+.]cascading(\d+)$')
# The file may have another name than the build gives: apt's has the epoch in it.
PRODUCTS = {'deb': '*.deb', 'rpm': '*.noarch.rpm', 'wheel': '*.whl', 'sdist': '*.tar.gz'}


class Claim(NamedTuple):
    """What a package says of itself.

    :param made_by: version of the project.
    :param made_of: its source.
    :param by: who was set as its maintainer.
    :param stands_for: version of the stock package, '' for an assumed one.
    :param epoch: the time in it, in seconds since 1970; '' where it is not looked for.
    :param like: how a deb of a release tells whose relations it has taken over; '' for nobody's.
    """

    family: str
    revision: str
    made_by: str
    made_of: str
    by: Maintainer | None
    stands_for: str
    epoch: str = ''
    like: str = ''


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('files', nargs='+', type=Path, metavar='FILE', help='.deb, .noarch.rpm, .whl or sdist')
    parser.add_argument('--source', metavar='SOURCE', help='what it was made of, where it cannot be found by itself')


def run(args: argparse.Namespace) -> int:
    return max([prove(file, args.source) for file in args.files])


def prove(file: Path, given: str | None) -> int:
    """:returns: 0 when the very same bytes came out, 1 when others did."""
    said = claim(file)
    if said.made_by != project.label():
        raise BuildError(f'{file.name} was made by nova-cascading {said.made_by}, this is {project.label()}',
                         f'run this in a clone of version {said.made_by}, unchanged')
    with workplace.directory() as work:
        source = given_source(given) if given else found(said, Path(work))
        with step(f'building {file.name} again from {source}'):
            again = rebuilt(said, source, Path(work) / 'out', file.name)
        same = content_of(file) == content_of(again)
        print(f'{file}: {"the same bytes" if same else "NOT the same"}, from {said.made_of}')
        return 0 if same else differences(file, again, said)


def claim(file: Path) -> Claim:
    """
    :raises BuildError: the file is no package of ours, or one of a version that did not say.
    """
    if not file.is_file():
        raise BuildError(f'there is no file {file}', 'check the path')
    read = {'.deb': claim_of_deb, '.rpm': claim_of_rpm}.get(file.suffix)
    if pythonfiles.is_one(file):
        read = claim_of_python
    if read is None or file.name.endswith('.src.rpm'):
        raise UsageError(f'{file.name} is neither a .deb, a binary .rpm, a wheel nor an sdist',
                         'name the binary package')
    said = read(file)
    if not all(said[:5]) or not any(form.fullmatch(said.made_of) for form in (RELEASED, PACKAGED, OTHER)):
        raise BuildError(f'{file.name} does not say what it was made of, by whom and by which nova-cascading',
                         'only packages made by ./build.sh of version 2 and later do')
    return said


def claim_of_deb(file: Path) -> Claim:
    tools.need(['dpkg-deb'])
    fields = deb822.fields(tools.run(['dpkg-deb', '--field', file], hint='get the package again'))
    version = fields.get('Version', '')
    own = OWN.search(version)
    made_of, _, like = fields.get('Nova-Cascading-Made-Of', '').partition('; ')
    assumed = standin.ASSUMED in fields.get('Provides', '')
    with file.open('rb') as archive:  # ar(5): the time of the first member
        epoch = archive.read(36)[24:].decode().strip()
    return Claim('deb', own[1] if own else '', fields.get('Nova-Cascading-Version', ''), made_of,
                 parsed(fields.get('Maintainer', '')), '' if assumed else OWN.sub('', version), epoch, like)


def claim_of_rpm(file: Path) -> Claim:
    tools.need(['rpm', 'rpmkeys'])
    rpmquery.refuse_damaged([file], 'get the package again')
    query = '%{EVR}\n%{PACKAGER}\n%{BUILDTIME}\n[%{PROVIDENAME} ]\n%{DESCRIPTION}\n'
    shown = rpmquery.query(query, [file], hint='get the package again')
    version, packager, epoch, provides, text = shown.split('\n', 4)
    made = re.search(r'^Made by nova-cascading (\S+)\nof (.+)$', text, re.MULTILINE)
    own = OWN.search(version)
    return Claim('rpm', own[1] if own else '', made[1] if made else '', made[2] if made else '',
                 parsed(packager), '' if standin.ASSUMED in provides.split() else OWN.sub('', version), epoch)


def claim_of_python(file: Path) -> Claim:
    said = pythonfiles.claim(file)
    family = 'wheel' if file.suffix == '.whl' else 'sdist'
    # No maintainer is in it, so whichever is set makes the same bytes.
    return Claim(family, said.revision, said.made_by, said.made_of, maintainer(), '')


def found(said: Claim, work: Path) -> str:
    """The source that a package names.

    :raises BuildError: it is nowhere to be had.
    """
    released, package = RELEASED.fullmatch(said.made_of), PACKAGED.fullmatch(said.made_of)
    if released:
        return released[1]
    if package:
        kept = [path for path in sorted(cache.directory().glob('*')) if path.suffix in ('.deb', '.rpm', '.dsc')]
        offered = stock.version(package[1], package[2], work)
        for path in [*kept, *offered]:
            if sha256(path) == package[3]:
                return str(path)
    raise BuildError(f'{said.made_of} is neither in {cache.directory()} nor offered by this machine\'s package manager',
                     'get it, and name it with --source')


def given_source(given: str) -> str:
    """The build runs elsewhere."""
    return str(Path(given).absolute()) if Path(given).exists() else given


def rebuilt(said: Claim, source: str, to: Path, name: str) -> Path:
    """Run the build as its own program: nothing of this one may reach it, nor what lies in the current directory."""
    kind = {'sdist': ['sdist', source, '--source-only'], 'wheel': ['sdist', source]}
    words = [str(project.PROJECT / 'build.sh'), *kind.get(said.family, [source, '--only', said.family]),
             '--revision', said.revision, '--to', str(to)]
    package = PACKAGED.fullmatch(said.made_of)
    if said.stands_for and not (package and package[2] == said.stands_for):
        words += [f'--stock-version={said.stands_for}']
    assert said.by
    time = {'SOURCE_DATE_EPOCH': said.epoch} if said.epoch else {}
    done = subprocess.run(words, cwd=to.parent, stdin=subprocess.DEVNULL, capture_output=True, encoding='utf-8',
                          errors='replace', env={**environment.kept(), **said.by.variables(), **time})
    made = sorted(to.glob(PRODUCTS[said.family]))
    if done.returncode or not made:
        raise BuildError(f'{name} could not be built again:\n{tools.tail(done.stderr)}',
                         'see the lines above; --source names another source')
    return made[0]


def differences(file: Path, again: Path, said: Claim) -> int:
    if said.family == 'deb':
        print(unlike(said.like, claim_of_deb(again).like), end='')
    if said.family == 'rpm':
        print(written_by(noted(file), noted(again)), end='')
    if shutil.which('diffoscope') is None:
        print('  Next: apt-get install diffoscope, then run this again to see what differs', file=sys.stderr)
    else:
        subprocess.run(['diffoscope', file, again])
    return 1


def noted(file: Path) -> list[str]:
    """Which rpm has written a package, and the sha256 of all files in it."""
    return rpmquery.query('%{RPMVERSION}\n[%{PAYLOADDIGEST}]', [file]).split('\n')


def written_by(it: list[str], here: list[str]) -> str:
    """Why an rpm differs, when another rpm has written it: each notes its version, and what it takes files for."""
    if it[0] == here[0]:
        return ''
    files = 'the same' if it[1:] == here[1:] else 'NOT the same'
    return (f'  rpm {it[0]} has written it, and rpm {here[0]} the one built here; the files in them are {files}.\n'
            f'  Next: prove it on a machine with rpm {it[0]}\n')


def unlike(said: str, here: str) -> str:
    """Why a deb of a release differs, when this machine's apt knows another stock package of its series."""
    if said == here:
        return ''
    return (f'  It says that it {said or "follows no stock package"}; the one built here {here or "follows none"}.\n'
            '  Next: prove it on a machine whose apt knows the same stock package\n')
