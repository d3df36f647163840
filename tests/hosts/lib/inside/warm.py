"""Runs Python programs, each in a process forked from this one, which has imported what takes most of their time.

usage: warm.py [MODULE]...    the modules to import first, as far as they are there
Takes a line of JSON for each run: the words of a command line, of which the first is `-m`, or a program. Answers with
a line of JSON: exit status, standard output and standard error.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import sys
import tempfile


def run(words, out, err):
    """Do in this process what `python3 WORDS` does."""
    with open(os.devnull) as nothing:
        for number, file in enumerate((nothing, out, err)):
            os.dup2(file.fileno(), number)
    sys.argv = words[words[0] == '-m':]
    if words[0] == '-m':
        runpy.run_module(words[1], run_name='__main__', alter_sys=True)
    else:
        runpy.run_path(words[0], run_name='__main__')


def new_file():
    return tempfile.TemporaryFile('w+', errors='replace')


def main(modules):
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    sys.path.insert(0, os.getcwd())
    gc.freeze()  # or else each child's collector walks through all that was imported, and so copies it
    gc.disable()
    for line in sys.stdin:
        with new_file() as out, new_file() as err:
            child = os.fork()
            if child == 0:
                run(json.loads(line), out, err)
                sys.exit(0)
            status = os.waitpid(child, 0)[1]
            told = [file.seek(0) or file.read() for file in (out, err)]
        print(json.dumps([os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status), *told]), flush=True)


main(sys.argv[1:])
