"""Fills in debian/: the files of the project's debian/ directory, with the facts of one fork."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import datetime, timezone
from email.utils import format_datetime
from pathlib import Path

from builder.common import project
from builder.common.errors import BuildError
from builder.common.maintainer import maintainer
from builder.common.model import Fork
from builder.common.project import PROJECT
from builder.fork import quilt
from builder.package import preflight, standin
from builder.package.deb import fields

# Isolated: neither the user's modules nor PYTHON* variables lead root elsewhere; a first line takes one option.
PYTHON = {2: {'SITE': '/usr/lib/python2.7/dist-packages', 'PYTHON_NAME': 'python2',
              'ISOLATED': '-E -s -B', 'SHEBANG_OPTIONS': '-EsB', 'PYTHON_MAJOR': '2'},
          3: {'SITE': '/usr/lib/python3/dist-packages', 'PYTHON_NAME': 'python3',
              'ISOLATED': '-I -B', 'SHEBANG_OPTIONS': '-IB', 'PYTHON_MAJOR': '3'}}
# Newer lintian knows these tags no more, and calls an override of such a tag an error.
PYTHON2_OVERRIDES = '''# Nova up to 17 is Python 2; its hosts are older than this rule.
new-package-should-not-package-python2-module *
# Ubuntu 14.04 has the interpreter as python, Debian 11 as python2.
python-package-missing-depends-on-python
python2-script-but-no-python2-dep *
'''
PYTHON2_SOURCE_OVERRIDES = 'python-foo-but-no-python3-foo *\n'
EXECUTABLE = ('rules', 'bytecode')
# dpkg before 1.17.6, Icehouse's, cannot read control.tar.xz.
# Level 1: a quarter larger than level 6, in an eighth of its time.
DEB_OPTIONS = {2: '-Zxz -z1 --no-uniform-compression', 3: '-Zxz -z1'}


def facts(fork: Fork, revision: int, epoch: int) -> dict[str, str]:
    """What the templates may ask for, by name (``@NAME@`` in a file called ``*.in``)."""
    tree, stock = fork.tree, standin.of(fork.tree, 'deb')
    own = own_version(stock.version, revision)
    return {
        **PYTHON[tree.python],
        **fields.of(fork, own),
        'PACKAGE': standin.package_name(tree),
        'VERSION': own,
        'UPSTREAM_VERSION': upstream_version(own),
        'COMPONENT': component(stock.version),
        'STOCK': stock.name,
        'STOCK_VERSION': stock.version,
        'MAINTAINER': str(maintainer()),
        'DEB_OPTIONS': DEB_OPTIONS[tree.python],
        # A stock package's own file says what its Depends says.
        'LOWERED': '' if tree.python == 2 or stock.fields.get('Depends') else 'yes',
        # dpkg-gencontrol merges the two forms of one name into the weaker one, unless it is told the field.
        'GENCONTROL': f"-DProvides='{fields.provides(tree, stock, own)}'" if tree.python == 2 else '',
        'NOVA_VERSION': tree.version,
        'PROJECT_VERSION': project.label(),
        'PYTHON2_OVERRIDES': PYTHON2_OVERRIDES if tree.python == 2 else '',
        'PYTHON2_SOURCE_OVERRIDES': PYTHON2_SOURCE_OVERRIDES if tree.python == 2 else '',
        'MADE_OF': tree.made_of + (f'; needs what {tree.like.name} {tree.like.version} needs' if tree.like else ''),
        'DATE': format_datetime(datetime.fromtimestamp(epoch, timezone.utc)),
    }


def own_version(stock: str, revision: int) -> str:
    """``<stock>+cascadingN``: above the stock version, below the distribution's next one (Debian Policy 5.6.12).

    A stock version without a Debian revision gets revision 0, which dpkg takes for the same as none.
    """
    return f'{stock if "-" in stock else stock + "-0"}+cascading{revision}'


def upstream_version(version: str) -> str:
    return version.split(':', 1)[-1].rsplit('-', 1)[0]


def component(stock: str) -> str:
    """Name of the tarball's component, and of its directory in the source package: only letters, digits, hyphens."""
    return 'nova-' + re.sub('[^A-Za-z0-9]+', '-', stock.rsplit('-', 1)[1] if '-' in stock else '0')


def write(fork: Fork, known: dict[str, str], debian: Path) -> None:
    """Make the ``debian/`` directory of the source package.

    :param known: from facts().
    :param debian: where; must not exist yet.
    """
    # Neither times nor modes of this checkout may reach the packages.
    for source in project.files(PROJECT / 'debian'):
        target = debian / source.relative_to(PROJECT / 'debian')
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    known = {**known, 'PREFLIGHT': preflight.text()}
    for file in sorted(debian.rglob('*.in')):
        file.with_suffix('').write_text(filled(file.read_text(encoding='utf-8'), known, file), encoding='utf-8')
        file.unlink()
    quilt.write(moved(fork, known['COMPONENT']), debian / 'patches')
    for file in debian.rglob('*'):
        file.chmod(0o755 if file.is_dir() or file.name in EXECUTABLE else 0o644)


def moved(fork: Fork, directory: str) -> Fork:
    """The same fork, whose tree stands in a directory of the source package."""
    return replace(fork, patches=[
        replace(patch, files={f'{directory}/{path}': change for path, change in patch.files.items()})
        for patch in fork.patches])


def filled(text: str, known: dict[str, str], file: Path) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in known:
            raise BuildError(f'{file.name} asks for @{match[1]}@, which is not known',
                             'see builder/package/deb/template.py')
        return known[match[1]]

    return re.sub(r'@([A-Z_0-9]+)@', value, text)


def preinst(known: dict[str, str]) -> str:
    """The package's preinst, for those who ask before it is run."""
    file = PROJECT / 'debian/preinst.in'
    text = filled(file.read_text(encoding='utf-8'), {**known, 'PREFLIGHT': preflight.text()}, file)
    return text.replace('#DEBHELPER#', '').rstrip('\n')
