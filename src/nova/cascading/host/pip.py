"""The fork where pip has installed it, in a virtualenv or container: what it says of itself, and the way back."""

import glob
import json
import os
import re
import site
import sys

import nova
from nova.cascading import errors
from nova.cascading.host import running, strangers, tools
from nova.cascading.host.tools import quote

RECORDS = ('RECORD', 'installed-files.txt')  # of wheels; of pip before them
FOLDER = re.compile(r'nova-([^-]+?)(-py[0-9.]+)?\.(dist|egg)-info$')
OURS = re.compile(r'(\.\./)?nova/cascading/')
# The builder's words in nova's summary: builder/package/sdist/metadata.py.
SAID = re.compile(r'^Summary: .*; (forked by nova-cascading .*)$', re.M)
SECONDS = 300  # for pip's look at its index
NOTE = "pip exchanges nova's own files and touches nothing else. The same command with --yes runs the lines above."
ELSEWHERE = 'Then restart what runs nova from here; in containers, replace them. No database step is needed.'


def metadata():
    """The directory in which pip keeps what it knows of this nova and the fork in it; None where it is not pip's."""
    parent = os.path.dirname(os.path.dirname(os.path.abspath(nova.__file__)))
    for name in RECORDS:
        for record in glob.glob(os.path.join(parent, 'nova-[0-9]*-info', name)):
            with open(record) as lines:
                if any(OURS.match(line) for line in lines):
                    return os.path.dirname(record)
    return None


def provenance():
    """``forked by nova-cascading 2, revision 1, from ...``, or None; as `pip show nova` has it."""
    place = metadata()
    for name in ('METADATA', 'PKG-INFO') if place else ():
        path = os.path.join(place, name)
        if os.path.exists(path):
            with open(path, 'rb') as stream:
                said = SAID.search(stream.read().decode('utf-8', 'replace'))
            return said and str(said.group(1))
    return None


def way_back(source):
    """The shell lines that bring stock nova back, in order.

    :param source: a file or directory to take it from; None for pip's own index
    :raises errors.CascadingError: pip has none to offer, or would bring a fork again
    """
    version = FOLDER.match(os.path.basename(metadata())).group(1)
    words = ['install', '--no-deps', '--force-reinstall'] + wanted(version, source)
    if tools.ask(pip('--version'))[0]:
        uv = ['uv', 'pip', 'install', '--python', sys.executable, '--no-deps', '--reinstall']
        return [' '.join(map(quote, uv + wanted(version, source)))] + restarts()
    look(words, version)
    return [' '.join(map(quote, pip(*words)))] + restarts()


def pip(*words):
    # -I: not a pip that lies in the current directory; that of `pip --user` is seen without it only.
    isolated = ['-I'] if sys.version_info[0] > 2 and not nova.__file__.startswith(site.USER_BASE or os.devnull) else []
    return [sys.executable] + isolated + ['-m', 'pip', '--disable-pip-version-check'] + list(words)


def wanted(version, source):
    if source and os.path.isfile(source):
        return [os.path.abspath(source)]
    return (['--no-index', '--find-links', os.path.abspath(source)] if source else []) + ['nova==' + version]


def look(words, version):
    """See what pip would install, before it takes anything away; one before 22.2 (no --report) cannot tell."""
    status, text = tools.ask(pip('--quiet', *(words + ['--dry-run', '--report', '-'])), seconds=SECONDS)
    if status == 2:  # an option that it does not know
        return
    try:
        found = json.loads(text)['install'][0]
    except (ValueError, KeyError, IndexError):
        raise errors.CascadingError('pip finds no stock nova {0} to go back to; nothing was changed'.format(version),
                                    'name one: nova-cascading uninstall --from WHEEL_OR_DIR; or see what pip says: '
                                    + ' '.join(pip(*(words + ['--dry-run']))))
    if 'forked by nova-cascading' in found['metadata'].get('summary', ''):
        raise errors.CascadingError(
            'the nova {0} that pip takes is the fork again, from {1}; nothing was changed'.format(
                version, found['download_info'].get('url')),
            "take nova-cascading's index out of pip's configuration (pip config list), set PIP_INDEX_URL to that of "
            'stock nova, or name a wheel: nova-cascading uninstall --from WHEEL_OR_DIR')


def restarts():
    """Commands where an init system runs nova; none in a container."""
    return strangers.restarts() if running.has_systemd() else []
