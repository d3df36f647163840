"""The fork where pip has installed it, in a virtualenv or container: what it says of itself, and the way back."""

import glob
import json
import os
import re
import site
import sys

import nova
from nova.cascading import errors
from nova.cascading.host import editable, running, strangers, tools, uv
from nova.cascading.host.tools import quote

RECORDS = ('RECORD', 'installed-files.txt')  # of wheels; of pip before them
FOLDER = re.compile(r'nova-([^-]+?)(-py[0-9.]+)?\.(dist|egg)-info$')
OURS = re.compile(r'(\.\./)?nova/cascading/')
# The builder's words in nova's summary: builder/package/sdist/metadata.py.
SAID = re.compile(r'^Summary: .*; (forked by nova-cascading .*)$', re.M)
MARK = os.path.join(os.path.dirname(os.__file__), 'EXTERNALLY-MANAGED')
SECONDS = 300  # for pip's look at its index
NOTE = "pip exchanges nova's own files and touches nothing else. The same command with --yes runs the lines above."
ELSEWHERE = 'Then restart what runs nova from here; in containers, replace them. No database step is needed.'


def metadata():
    """The directory in which pip keeps what it knows of this nova and the fork in it; None where it is not pip's."""
    for name in RECORDS:
        for record in glob.glob(os.path.join(editable.tree(), 'nova-[0-9]*-info', name)):
            with open(record) as lines:
                if any(OURS.match(line) for line in lines):
                    return os.path.dirname(record)
    return None


def provenance():
    """``forked by nova-cascading 2, revision 1, from ...``, or None; as `pip show nova` has it."""
    place = metadata() or editable.metadata()
    for name in ('METADATA', 'PKG-INFO') if place else ():
        path = os.path.join(place, name)
        if os.path.exists(path):
            said = SAID.search(editable.text(path))
            return said and str(said.group(1))
    return None


def way_back(source):
    """The shell lines that bring stock nova back, in order.

    :param source: a file or directory to take it from; None for pip's own index
    :raises errors.CascadingError: pip has none to offer, would bring a fork again, or leave the one that is here
    """
    version = FOLDER.match(os.path.basename(metadata())).group(1)
    refuse_elsewhere(version)
    more = (['--break-system-packages'] if is_kept_from_pip() else []) + wanted(version, source)
    if not is_there():
        return [with_uv(['--python', sys.executable, '--no-deps', '--reinstall'] + more, version)] + restarts()
    words = ['install', '--no-deps', '--force-reinstall'] + more
    look(words, version)
    return [line(pip(*words))] + restarts()


def is_there():
    return tools.ask(pip('--version'))[0] == 0


def line(words):
    return ' '.join(map(quote, words))


def refuse_elsewhere(version):
    """See that this nova is where pip would exchange it: it would put another one beside that of --target."""
    here = os.path.realpath(editable.tree())
    places = tools.output(python() + ['-c', r'import sys; print("\n".join(sys.path))']).split('\n')
    if here not in map(os.path.realpath, filter(None, places)):
        raise errors.CascadingError(
            'pip would leave the nova in {0} as it is: that is none of the directories of {1} (pip install --target, '
            '--prefix); nothing was changed'.format(here, sys.executable),
            'have pip make another directory, with stock nova, and name that one in PYTHONPATH: '
            + line(pip('install', '--target')) + ' DIRECTORY nova==' + version)


def is_kept_from_pip():
    """Whether this Python is its distribution's alone (PEP 668); who has put the fork there had to overrule that."""
    return sys.prefix == getattr(sys, 'base_prefix', sys.prefix) and os.path.exists(MARK)


def with_uv(words, version):
    """The line for uv, which was asked what it would install.

    :raises errors.CascadingError: as way_back(), or there is no uv that root may run
    """
    try:
        command = uv.words(uv.program(), *words)
    except errors.CascadingError as error:
        raise errors.CascadingError(
            '{0} has no pip, and {1}; nothing was changed'.format(sys.executable, error.what),
            'type it, with a uv that you trust: ' + '; '.join([line(uv.words('uv', *words))] + restarts()))
    said = uv.offered(command, SECONDS)
    if said is None:
        raise none_offered('uv', version, command)
    if SAID.search(said):
        raise fork_again('uv', version, '', 'what uv reads (UV_INDEX_URL, UV_FIND_LINKS, uv.toml)')
    return line(command)


def refusal_of_a_tree():
    """The error of `uninstall` where nova runs from its source."""
    tree, words = editable.tree(), ['--no-deps', '-e', editable.tree()]
    again = pip('install', *words) if is_there() else uv.words('uv', '--python', sys.executable, *words)
    return errors.CascadingError(
        'this nova runs from its source in {0} (pip install -e), which only its owner changes; '
        'nothing was changed'.format(tree),
        'as its owner check out stock nova, `git -C {0} checkout BRANCH_OR_TAG` (devstack: and take NOVA_REPO and '
        'NOVA_BRANCH out of local.conf); as who has installed it, `{1}`; then restart what runs nova from '
        'there'.format(quote(tree), line(again)))


def python():
    # -I: not a pip that lies in the current directory; that of `pip --user` is seen without it only.
    isolated = ['-I'] if sys.version_info[0] > 2 and not nova.__file__.startswith(site.USER_BASE or os.devnull) else []
    return [sys.executable] + isolated


def pip(*words):
    return python() + ['-m', 'pip', '--disable-pip-version-check'] + list(words)


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
        found = [one for one in json.loads(text)['install'] if one['metadata']['name'] == 'nova'][0]
    except (ValueError, KeyError, IndexError):
        raise none_offered('pip', version, pip(*words))
    if 'forked by nova-cascading' in found['metadata'].get('summary', ''):
        raise fork_again('pip', version, ', from {0}'.format(found['download_info'].get('url')),
                         "pip's configuration (pip config list), set PIP_INDEX_URL to that of stock nova")


def none_offered(who, version, command):
    return errors.CascadingError(
        '{0} finds no stock nova {1} to go back to; nothing was changed'.format(who, version),
        'name one: nova-cascading uninstall --from WHEEL_OR_DIR; or see what {0} says: {1}'.format(
            who, line(command + ['--dry-run'])))


def fork_again(who, version, origin, where):
    return errors.CascadingError(
        'the nova {0} that {1} takes is the fork again{2}; nothing was changed'.format(version, who, origin),
        "take nova-cascading's index out of {0}, or name a wheel: "
        'nova-cascading uninstall --from WHEEL_OR_DIR'.format(where))


def asking_why(command):
    """The line that tells why a line of way_back() has changed nothing."""
    return line(pip('config', 'list')) if ' -m pip ' in command else command + ' --dry-run -v'


def restarts():
    """Commands where an init system runs nova; none in a container."""
    return strangers.restarts() if running.has_systemd() else []
