"""The apt sources of a Debian suite, derived from those that this machine is configured for."""

from __future__ import annotations

import subprocess
from pathlib import Path

SUITES = ('bullseye', 'bookworm', 'trixie', 'forky')
POCKETS = ('', '-updates', '-security')
KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
# Source packages that a suite's security archive lists, but whose files mirrors no longer have.
GONE = {'bullseye': 'src:nova src:ceph src:python-gevent'}
HANDED_ON = ('Acquire::http', 'Acquire::https', 'Acquire::ftp', 'Acquire::Check-', 'Acquire::Retries')


def for_suite(suite: str, apt: Path = Path('/etc/apt')) -> str:
    """Write the sources of *suite* on this machine's Debian mirrors.

    :param suite: a code name, e.g. ``trixie``.
    :param apt: where apt's configuration lies.
    :returns: text in deb822 form; other vendors' archives are left out, a pocket (``-security``) stays one.
    """
    stanzas = []
    for uri, suites in _entries(apt):
        pockets = [pocket for pocket in POCKETS if any(known + pocket in suites for known in SUITES)]
        if pockets:
            stanzas.append(f'Types: deb\nURIs: {uri}\nSuites: {" ".join(suite + pocket for pocket in pockets)}\n'
                           f'Components: main\nSigned-By: {KEYRING}\n')
    if not stanzas:
        raise LookupError(f'{apt} names no Debian archive to make test hosts from')
    return '\n'.join(dict.fromkeys(stanzas))


def preferences(suite: str) -> str:
    """Text for /etc/apt/preferences.d that keeps apt from choosing what cannot be had; '' where all is well."""
    if suite not in GONE:
        return ''
    return f'Package: {GONE[suite]}\nPin: release l=Debian-Security\nPin-Priority: -1\n'


def acquire_options() -> list[str]:
    """apt's own download settings (proxy, certificates, date checks) as ``Name "value"`` lines."""
    dump = subprocess.run(['apt-config', 'dump'], check=True, capture_output=True, text=True).stdout
    return [line.rstrip(';') for line in dump.splitlines() if line.startswith(HANDED_ON) and not line.endswith('"";')]


def _entries(apt: Path) -> list[tuple[str, list[str]]]:
    files = sorted((apt / 'sources.list.d').glob('*.sources'))
    entries = [entry for file in files for entry in _deb822(file.read_text())]
    for file in [apt / 'sources.list', *sorted((apt / 'sources.list.d').glob('*.list'))]:
        entries += _one_line(file.read_text()) if file.exists() else []
    return entries


def _deb822(text: str) -> list[tuple[str, list[str]]]:
    entries = []
    for stanza in text.split('\n\n'):
        fields = dict(line.split(':', 1) for line in stanza.splitlines() if ':' in line and line[0] not in '# ')
        if 'deb' in fields.get('Types', '').split() and fields.get('Enabled', 'yes').strip() != 'no':
            entries += [(uri, fields['Suites'].split()) for uri in fields['URIs'].split()]
    return entries


def _one_line(text: str) -> list[tuple[str, list[str]]]:
    words = [line.split('#')[0].split() for line in text.splitlines()]
    plain = [[word for word in line if not word.startswith('[') and not word.endswith(']')] for line in words]
    return [(line[1], [line[2]]) for line in plain if len(line) > 3 and line[0] == 'deb']
