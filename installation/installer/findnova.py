"""Finds the nova that this host runs, and the Python interpreter that runs it."""

import glob
import os
import shlex

from installer import files
from installer.say import Refusal, quoted

# Run by another interpreter, of any version: prints where its nova is, without importing it.
WHERE = '''
try:
    from importlib.util import find_spec
    spec = find_spec("nova")
    place = spec and spec.origin
except ImportError:
    import imp
    try:
        place = imp.find_module("nova")[1] + "/__init__.py"
    except ImportError:
        place = None
print(place or "")
'''
SCRIPTS = ('nova-manage', 'nova-conductor', 'nova-api', 'nova-scheduler', 'nova-compute')
PYTHONS = ('python3', 'python', 'python2')


class Nova(object):
    """
    :ivar parent: the directory that holds ``nova/``, without symbolic links.
    :ivar python: the interpreter that runs it, or None when there is none to be found.
    """

    def __init__(self, parent, python):
        self.parent = parent
        self.python = python


def find(parent=None, python=None):
    """
    :param parent: the administrator's word on where nova is (--nova-parent).
    :param python: his word on the interpreter (--python).
    :raises Refusal: there is none, or more than one.
    """
    if parent is not None:
        return _given(os.path.realpath(parent), python)
    if python is not None:
        sources = [[python]]
    else:
        sources = [running(), of_units(), of_scripts(), [path for path in map(which, PYTHONS) if path]]
    for interpreters in sources:
        found = _parents(interpreters)
        if len(found) > 1:
            raise Refusal('this host has more than one nova: {0}'.format(', '.join(sorted(found))),
                          'say which one: --nova-parent {0}'.format(quoted(sorted(found)[0])))
        for place, interpreter in found.items():
            return Nova(place, interpreter)
    raise Refusal('no Python of this host has a nova',
                  'say where it is: --nova-parent DIR (the directory that holds nova/)')


def _given(parent, python):
    if not os.path.isfile(os.path.join(parent, 'nova', '__init__.py')):
        raise Refusal('{0} holds no nova/'.format(parent), 'give the directory that holds nova/ itself')
    if python is None:
        candidates = running() + of_units() + of_scripts() + _around(parent)
        python = _parents(candidates).get(parent)
    return Nova(parent, python)


def _around(parent):
    """The interpreter of the virtualenv that a site-packages directory is in."""
    found, above = [], parent
    while os.path.dirname(above) != above:
        above = os.path.dirname(above)
        found += [path for path in (os.path.join(above, 'bin', name) for name in PYTHONS) if os.path.exists(path)]
    return found


def _parents(interpreters):
    found = {}
    for interpreter in interpreters:
        parent = parent_of(interpreter)
        if parent:
            found.setdefault(parent, interpreter)
    return found


_asked = {}


def parent_of(interpreter):
    """:returns: the directory that holds the nova which that interpreter imports, or None."""
    if interpreter not in _asked:
        status, output = files.run([interpreter, '-c', WHERE])
        line = output.strip().splitlines()[-1:] if status == 0 else []
        _asked[interpreter] = os.path.dirname(os.path.dirname(os.path.realpath(line[0]))) if line else None
    return _asked[interpreter]


def which(name):
    for folder in os.environ.get('PATH', '/usr/bin:/bin').split(':') + ['/usr/local/bin', '/usr/bin']:
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            return path
    return None


def processes():
    """:returns: [(pid, words of its command line)] of all processes that can be seen."""
    found = []
    for folder in glob.glob('/proc/[0-9]*'):
        try:
            words = files.text_of(files.read(folder + '/cmdline')).split('\0')
        except EnvironmentError:
            continue
        found.append((int(os.path.basename(folder)), [word for word in words if word]))
    return sorted(found)


def service_of(words):
    """:returns: which nova service a command line starts, e.g. ``nova-conductor``, or None."""
    for word in words[:3]:
        name = os.path.basename(word)
        if name.startswith('nova-') and not name.startswith(('nova-manage', 'nova-cascading', 'nova-rootwrap')):
            return name
    return None


def running():
    return [words[0] for _, words in processes() if service_of(words) and service_of(words[:1]) is None]


def of_units():
    found = []
    for path in glob.glob('/etc/systemd/system/*.service') + glob.glob('/lib/systemd/system/*nova*.service'):
        for line in files.text_of(files.read(path)).splitlines() if os.path.exists(path) else []:
            words = line.partition('=')[2].lstrip('-@+!:').split() if line.startswith('ExecStart=') else []
            found += [shebang(word) for word in words[:2] if os.path.basename(word).startswith('nova-')]
    return [path for path in found if path]


def of_scripts():
    return [path for path in (shebang(which(name)) for name in SCRIPTS if which(name)) if path]


def shebang(script):
    """:returns: the interpreter of a script; pip wraps one that has spaces in its path in a shell line."""
    try:
        with open(script, 'rb') as stream:
            first, second = [files.text_of(stream.readline(4096)) for _ in (1, 2)]
    except EnvironmentError:
        return None
    if second.startswith("'''exec' "):
        return shlex.split(second[len("'''exec' "):])[0]
    words = first[2:].split() if first.startswith('#!') else []
    if words and os.path.basename(words[0]) == 'env':
        return which(words[1]) if len(words) > 1 else None
    return words[0] if words else None
