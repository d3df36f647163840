"""Asks Python interpreters which nova they import; each is started isolated, so that nothing foreign comes along."""

import os
import sys

from installer.run import run

# Run by another interpreter, of any version: prints where its nova is, without importing it.
WHERE = '''
import sys
sys.path[:] = [path for path in sys.path if path not in ("", ".")]
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
# Runs a module or file with one folder in front, and neither the current one nor PYTHONPATH's.
START = '''
import sys
sys.path[:] = [path for path in sys.path if path not in ("", ".")]
parent, kind, what = sys.argv[1:4]
if parent:
    sys.path.insert(0, parent)
sys.argv[:] = [what] + sys.argv[4:]
if kind == "module":
    import runpy
    runpy.run_module(what, None, "__main__", True)
else:
    exec(compile(open(what, "rb").read(), what, "exec"), {"__name__": "__main__", "__file__": what})
'''
SECONDS = 30  # a program that was taken for an interpreter may be anything
_flags, _parents = {}, {}


def isolated(python):
    """:returns: how to start that interpreter so that it heeds neither PYTHON* nor a user's own packages."""
    if python not in _flags:
        if os.path.exists(python) and os.path.samefile(python, sys.executable):
            can = sys.version_info >= (3, 4)
        else:
            can = run([python, '-I', '-c', ''], SECONDS)[0] == 0
        _flags[python] = ['-I', '-B'] if can else ['-E', '-s', '-B']
    return [python] + _flags[python]


def parent_of(python):
    """:returns: the directory that holds the nova which that interpreter imports by itself, or None."""
    if python not in _parents:
        status, output = run(isolated(python) + ['-c', WHERE], SECONDS)
        line = output.strip().splitlines()[-1:] if status == 0 else []
        is_one = line and os.path.isfile(line[0])
        # Links of folders are followed; those of files lead to uv's cache, or a checkout, but for what is added here.
        _parents[python] = os.path.dirname(os.path.realpath(os.path.dirname(line[0]))) if is_one else None
    return _parents[python]


def start(nova, kind, what):
    """:returns: the command that runs a ``module`` or ``file`` with exactly that nova."""
    parent = '' if parent_of(nova.python) == nova.parent else nova.parent
    return isolated(nova.python) + ['-c', START, parent, kind, what]
