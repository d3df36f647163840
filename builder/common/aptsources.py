"""The apt sources of a Debian suite, derived from those that this machine is configured for."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from builder.common import deb822, tools
from builder.common.errors import BuildError

# What apt takes for no (sources.list(5), StringToBool).
NO = ('no', 'false', 'without', 'off', 'disable')
SUITES = ('bullseye', 'bookworm', 'trixie', 'forky', 'sid', 'oldstable', 'stable', 'testing', 'unstable')
ROLLING = ('sid', 'unstable')  # have no pockets
POCKETS = ('', '-updates', '-security')
KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
# Source packages that a suite's security archive lists, but whose files mirrors no longer have.
GONE = {'bullseye': 'src:nova src:ceph src:python-gevent'}
HERE = '/etc/apt/apt.conf.d/99acquire'
HANDED_ON = ('Acquire::http', 'Acquire::https', 'Acquire::ftp', 'Acquire::Check-', 'Acquire::Retries')


def for_suite(suite: str, apt: Path = Path('/etc/apt')) -> str:
    """Write the sources of *suite* on this machine's Debian mirrors.

    :param suite: a code name, e.g. ``trixie``.
    :param apt: where apt's configuration lies.
    :returns: text in deb822 form; other vendors' archives are left out, a pocket (``-security``) stays one.
    :raises BuildError: this machine is configured for no archive of Debian.
    """
    stanzas = []
    for uri, suites in _entries(apt):
        pockets = [pocket for pocket in POCKETS if any(known + pocket in suites for known in SUITES)
                   and not (pocket and suite in ROLLING)]
        if pockets:
            stanzas.append(f'Types: deb\nURIs: {uri}\nSuites: {" ".join(suite + pocket for pocket in pockets)}\n'
                           f'Components: main\nSigned-By: {KEYRING}\n')
    if not stanzas:
        raise BuildError(f'{apt} names no archive of Debian {", ".join(SUITES)} to make a chroot from',
                         f'add one to {apt}/sources.list.d, on the mirror that this machine is to use')
    return '\n'.join(dict.fromkeys(stanzas))


def preferences(suite: str) -> str:
    """Text for /etc/apt/preferences.d that keeps apt from choosing what cannot be had; '' where all is well."""
    if suite not in GONE:
        return ''
    return f'Package: {GONE[suite]}\nPin: release l=Debian-Security\nPin-Priority: -1\n'


@contextmanager
def acquire_options() -> Iterator[list[str]]:
    """mmdebstrap's words that hand on apt's own download settings (proxy, certificates, date checks) as HERE.

    A proxy's may have its password, which every user could read on the command line or in the system that is made.
    Not by --aptopt: without root, mmdebstrap reads that file as somebody else.
    """
    dump = tools.run(['apt-config', 'dump'])
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as kept:  # 0600
        kept.writelines(f'{line}\n' for line in dump.splitlines()
                        if line.startswith(HANDED_ON) and not line.endswith('"";'))
        kept.flush()
        yield [f'--setup-hook=install -m 600 /dev/null "$1{HERE}"', f'--setup-hook=upload {kept.name} {HERE}']


def _entries(apt: Path) -> list[tuple[str, list[str]]]:
    files = sorted((apt / 'sources.list.d').glob('*.sources'))
    entries = [entry for file in files for entry in _deb822(file.read_text(encoding='utf-8', errors='replace'))]
    for file in [apt / 'sources.list', *sorted((apt / 'sources.list.d').glob('*.list'))]:
        entries += _one_line(file.read_text(encoding='utf-8', errors='replace')) if file.exists() else []
    return entries


def _deb822(text: str) -> list[tuple[str, list[str]]]:
    entries = []
    for paragraph in deb822.paragraphs(text):
        fields = {name: value.split() for name, value in paragraph.items()}
        enabled = ' '.join(fields.get('enabled', ['yes'])).lower() not in NO
        if enabled and 'deb' in fields.get('types', []):
            entries += [(uri, fields.get('suites', [])) for uri in fields.get('uris', [])]
    return entries


def _one_line(text: str) -> list[tuple[str, list[str]]]:
    # Options may stand in brackets, with spaces between them.
    found = re.findall(r'^\s*deb\s+(?:\[[^\]#]*\]\s*)?([^\s\[#]+)\s+([^\s#]+)\s+[^\s#]', text, re.MULTILINE)
    return [(uri, [suite]) for uri, suite in found]
