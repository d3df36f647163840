"""What a command line starts: which program, in which interpreter, with which libraries. Nothing is run for it."""

import glob
import os
import re
import shlex

from installer import files, trust

PYTHONS = ('python3', 'python', 'python2')
PYTHON = re.compile('(python|pypy)[0-9.]*$')
NOVA = re.compile('(?<![A-Za-z0-9])nova(?![A-Za-z0-9])|devstack@n-')
TOOLS = ('nova-manage', 'nova-status', 'nova-cascading', 'nova-rootwrap', 'nova-policy')
# As oslo.service has it where setproctitle is installed: "nova-conductor: master process [...]".
TITLE = re.compile('(nova-[a-z-]+): ')
IMPORTS = re.compile(r'^\s*(from|import) nova\b', re.M)
CODE = re.compile(r'\b(from|import) nova\b')
TAKE_A_WORD = ('-W', '-X', '-Q', '--check-hash-based-pycs')
RUNS = re.compile('-[A-VY-Za-z]*([mc])$')  # -m, -c, and such as -Im
LIBRARIES = ('', 'lib/python*/site-packages', 'lib/python*/dist-packages', 'lib64/python*/site-packages')
SETTINGS = ('.ini', '.conf', '.cfg', '.xml', '.json', '.yaml', '.yml', '.toml', '.py', '.wsgi')
OF_UWSGI = re.compile(r'^\s*(virtualenv|venv|home|pyhome|pythonpath|python-path|pp)\s*[=:]\s*(\S+)', re.M)
MOST = 1 << 16  # bytes of a settings file that are looked at


def is_python(path):
    return bool(PYTHON.match(os.path.basename(path)))


def which(name, path=None):
    """:returns: a program of a PATH, by default our caller's: what install.sh found, not what it runs with."""
    path = path or os.environ.get('NOVA_CASCADING_PATH') or os.environ.get('PATH', '')
    for folder in path.split(':') + ['/usr/local/bin', '/usr/bin', '/bin']:
        place = os.path.join(folder, name)
        if folder.startswith('/') and os.access(place, os.X_OK) and not os.path.isdir(place):
            return place
    return None


def text(path):
    """:returns: the beginning of a file, or '' of what is none."""
    try:
        if not os.path.isfile(path):
            return ''
        with open(path, 'rb') as stream:
            return files.text_of(stream.read(MOST))
    except (EnvironmentError, TypeError, ValueError):
        return ''


def shebang(script, path=None):
    """
    :param path: the PATH that env(1) looks through for it.
    :returns: the interpreter of a script; pip wraps one that has spaces in its path in a shell line.
    """
    lines = text(script).splitlines()[:2] if script else []
    if len(lines) == 2 and lines[1].startswith("'''exec' "):
        return shlex.split(lines[1][len("'''exec' "):])[0]
    words = lines[0][2:].split() if lines and lines[0].startswith('#!') else []
    if words and os.path.basename(words[0]) == 'env':
        named = [word for word in words[1:] if not word.startswith('-') and '=' not in word]
        return which(named[0], path) if named else None
    return words[0] if words else None


def spread(words):
    """A command line with those in it that are command lines themselves (``sh -c '...'``) taken apart."""
    found = []
    for word in words:
        try:
            parts = shlex.split(word) if ' ' in word and not os.path.exists(word) else [word]
        except ValueError:
            parts = word.split()
        found += parts
    return found


def script_of(words):
    """:returns: (what the interpreter of a command line runs, whether it is a module's name)."""
    rest = words[1:]
    while rest and rest[0].startswith('-'):
        runs = RUNS.match(rest[0])
        if runs:
            return (rest[1] if len(rest) > 1 else ''), runs.group(1) == 'm'
        rest = rest[2:] if rest[0] in TAKE_A_WORD else rest[1:]
    return (rest[0] if rest else ''), False


def nova_of(words):
    """:returns: which nova service a command line starts in Python, e.g. ``nova-conductor``; None when it is none."""
    title = TITLE.match(words[0]) if words else None
    if title:
        return None if title.group(1).startswith(TOOLS) else title.group(1)
    if not words or not is_python(words[0]):
        words = ['python'] + words
    script, is_module = script_of(words)
    if is_module and script.startswith('nova.'):
        return None if script.startswith('nova.cascading') else script
    if is_module:  # a debugger, profiler or tracer, which runs another program
        named = [word for word in words[1:] if word.startswith('/') and os.path.basename(word).startswith('nova-')]
        script = (named + [''])[0]
    name = os.path.basename(script)
    if name.startswith('nova-'):
        return None if name.startswith(TOOLS) else name
    if CODE.search(script):
        return 'nova (python -c)'
    return name if script.startswith('/') and IMPORTS.search(text(script)) else None


def interpreters_of(words, environ):
    """:returns: the interpreters that a command line may mean, likeliest first; none was run, all exist."""
    found, path = [], environ.get('PATH')
    for word in spread(words):
        if is_python(word):
            found.append(word if '/' in word else which(word, path))
        elif word.startswith('/') and os.path.isfile(word):
            found.append(shebang(word, path))
            found += beside(os.path.dirname(word))
            found += [path for _, folder in OF_UWSGI.findall(text(word)) for path in beside(folder + '/bin')]
    found += beside(os.path.join(environ.get('VIRTUAL_ENV') or '/', 'bin')) if environ.get('VIRTUAL_ENV') else []
    unique = []
    for path in found:
        if path and path.startswith('/') and is_python(path) and os.path.isfile(path) and path not in unique:
            unique.append(path)
    return unique


def beside(folder):
    """:returns: the interpreter in a folder of programs, as a list."""
    return [path for path in (os.path.join(folder, name) for name in PYTHONS) if os.path.isfile(path)][:1]


def parents_of(words, environ):
    """:returns: the directories that hold a nova and come before the interpreter's own: PYTHONPATH, ``--target``,
    ``--user``, ``--prefix``, uwsgi's settings."""
    folders = [folder for folder in environ.get('PYTHONPATH', '').split(':') if folder.startswith('/')]
    for word in spread(words):
        if word.startswith('/') and os.path.isfile(word):
            folders += [folder for _, folder in OF_UWSGI.findall(text(word))]
            folders += libraries_of(word) if os.path.basename(os.path.dirname(word)) == 'bin' else []
    return [os.path.realpath(folder) for folder in folders if holds_nova(folder)]


def libraries_of(script):
    """:returns: where the packages of a script may be: below its prefix, unless that is a virtualenv, where the
    interpreter that the script names knows better (a copied one's scripts still name that of the first)."""
    if any(os.path.exists(os.path.join(os.path.dirname(script), name)) for name in ('activate', '../pyvenv.cfg')):
        return []
    above = trust.glob_escape(os.path.dirname(os.path.dirname(script)))
    return [folder for pattern in LIBRARIES for folder in sorted(glob.glob(os.path.join(above, pattern)))]


def holds_nova(folder):
    return os.path.isfile(os.path.join(folder, 'nova', '__init__.py'))


def settings_of(words, folder):
    """:returns: the texts of the settings files and scripts that a command line names, relative ones to a folder."""
    found = [text(os.path.join(folder, word.rpartition('=')[2])) for word in spread(words)
             if word.endswith(SETTINGS) or word.endswith('.sh')]
    inner = [word for content in found if content.startswith('#!') for word in content.split()]
    return [content for content in found if content] + (settings_of(inner, folder) if inner else [])
