"""The command line of build.sh: finds the command, runs it, and turns its errors into messages and a status."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import platform
import re
import sys
import tempfile
import traceback
from typing import NamedTuple

from builder.common import project, workplace
from builder.common.errors import BuildError, printable

HINTS = {errno.ENOSPC: 'free some space, or set TMPDIR to a directory on a larger disk',
         errno.EDQUOT: 'free some space, or set TMPDIR to a directory on a larger disk',
         errno.EROFS: 'choose a place that can be written, with --to DIR or TMPDIR',
         errno.EACCES: 'check the permissions of that path, or choose another with --to DIR or TMPDIR',
         errno.EPERM: 'check the permissions of that path, or choose another with --to DIR or TMPDIR',
         errno.ENOENT: 'check that path, and that the directory you are in still exists',
         errno.ENOTDIR: 'check that path', errno.EISDIR: 'check that path', errno.ELOOP: 'check that path',
         errno.ENAMETOOLONG: 'choose a shorter path',
         errno.EFBIG: 'raise the limit of a file (ulimit -f), or choose another file system with --to DIR or TMPDIR',
         errno.EMFILE: 'raise the limit of open files (ulimit -n)', errno.ENOMEM: 'free some memory'}


class Command(NamedTuple):
    """A subcommand: the module offers ``configure(parser)`` and ``run(args) -> int``."""

    module: str
    summary: str


COMMANDS = {
    'build': Command('builder.commands.build', 'make the deb and rpm packages of a nova (the default)'),
    'diff': Command('builder.commands.diff', 'print what the fork changes in a nova, as patches'),
    'installer': Command('builder.commands.installer', 'make the bundle for hosts where nova is not packaged'),
    'sdist': Command('builder.commands.sdist', 'make the forked source and its wheel for virtualenvs and containers'),
    'collection': Command('builder.commands.collection', 'make the Ansible collection for fleets of hosts'),
    'runtime': Command('builder.commands.runtime', 'make the package of Python modules that an old nova needs today'),
    'stock': Command('builder.commands.stock', 'make stock packages of a release that no distribution ships any more'),
    'prove': Command('builder.commands.prove', 'build packages again from what they say they are made of, and compare'),
    'publish': Command('builder.commands.publish', 'put packages into signed apt and yum repositories'),
    'promote': Command('builder.commands.promote', 'offer to every host what only testing had'),
    'withdraw': Command('builder.commands.withdraw', 'take a version back out; the one before it is offered again'),
    'verify': Command('builder.commands.verify', 'check a repository or a copy of it, and how long its keys last'),
    'pin': Command('builder.commands.pin', 'add a release of nova to the table of known ones'),
    'test': Command('builder.commands.test', 'run the tests: unit, hosts, or all of them'),
}


def main(argv: list[str]) -> int:
    """Run one command.

    :param argv: the words after ``build.sh``; without a command word, ``build`` is meant.
    :returns: exit status: 0, 1 for a bad input or a failed step, 2 for wrong usage, 130 for ^C.
    """
    name, rest = (argv[0], argv[1:]) if argv and argv[0] in {**COMMANDS, **ASKED} else ('build', argv)
    try:
        status = run(name, rest)
        sys.stdout.flush()
        return status
    except BuildError as error:
        return failed(str(error), error.status)
    except KeyboardInterrupt:
        return failed('interrupted; nothing half-written was left behind', 130)
    except OSError as error:
        if error.errno in HINTS:
            return failed(f'{error.filename or "a file"}: {error.strerror}\n  Next: {HINTS[error.errno]}', 1)
        return unexpected(name, rest)
    except MemoryError:
        return failed(f'there is no memory left\n  Next: {HINTS[errno.ENOMEM]}, then run it again', 1)
    except Exception:
        return unexpected(name, rest)


def failed(text: str, status: int) -> int:
    print(f'build.sh: {text}', file=sys.stderr)
    return status


def unexpected(name: str, words: list[str]) -> int:
    """Report what nobody foresaw: one message, and the traceback in a file or, for developers, on the terminal."""
    told = printable(f'./build.sh {" ".join([name, *words])}\nPython {platform.python_version()}, '
                     f'{platform.platform()}\n{traceback.format_exc()}')
    reason = told.strip().splitlines()[-1]
    if os.environ.get('NOVA_CASCADING_DEBUG'):
        print(told, file=sys.stderr)
        return failed(f'an unexpected error: {reason}', 1)
    try:
        descriptor, log = tempfile.mkstemp(prefix='nova-cascading-error-', suffix='.log')
        with os.fdopen(descriptor, 'w', encoding='utf-8', errors='replace') as stream:
            stream.write(told)
        hint = f'report it to the maintainers, with the file {log}'
    except OSError:
        hint = 'run it again with NOVA_CASCADING_DEBUG=1, and report all that it prints'
    return failed(f'an unexpected error, which is a mistake in build.sh: {reason}\n  Next: {hint}', 1)


def run(name: str, words: list[str]) -> int:
    if name in ASKED:
        return ASKED[name]()
    module = importlib.import_module(COMMANDS[name].module)
    parser = argparse.ArgumentParser(prog=f'./build.sh {name}', description=module.__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    module.configure(parser)
    own = words[:words.index('--')] if '--' in words else words
    if any(word == '' or re.fullmatch('--[^=]*=', word) for word in own):
        parser.error('an argument is empty, as of a variable that is not set: give it a value, or leave it out')
    if name in HANDED_ON:  # argparse would take the first word behind -- for the size of the tests
        args = parser.parse_args(own)
        getattr(args, HANDED_ON[name]).extend(words[len(own) + 1:])
    else:
        args = parser.parse_args(words)
    workplace.settle()
    return module.run(args) or os.EX_OK


def show_version() -> int:
    workplace.settle()
    print(f'nova-cascading {project.label()}')
    return os.EX_OK


def show_help() -> int:
    print('usage: ./build.sh [COMMAND] [SOURCE] [options]\n       ./build.sh --version\n\nCommands:')
    for name, command in COMMANDS.items():
        print(f'  {name:<11}{command.summary}')
    print("\nWithout a command, ./build.sh builds; `./build.sh COMMAND --help` tells a command's options.")
    return os.EX_OK


HANDED_ON = {'test': 'pytest'}
ASKED = {'-h': show_help, '--help': show_help, 'help': show_help, '--version': show_version}
