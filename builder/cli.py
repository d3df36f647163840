"""The command line of build.sh: finds the command, runs it, and turns its errors into messages and a status."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from typing import NamedTuple

from builder.errors import BuildError


class Command(NamedTuple):
    """A subcommand: the module offers ``configure(parser)`` and ``run(args) -> int``."""

    module: str
    summary: str


COMMANDS = {
    'build': Command('builder.build', 'make the deb and rpm packages of a nova (the default)'),
    'diff': Command('builder.diff', 'print what the fork changes in a nova, as patches'),
    'installer': Command('builder.installer', 'make the bundle for hosts where nova is not packaged'),
    'runtime': Command('builder.runtime', 'make the package of Python modules that an old nova needs today'),
    'stock': Command('builder.stockset', 'make stock packages of a release that no distribution ships any more'),
    'publish': Command('builder.repository.publish', 'put packages into signed apt and yum repositories'),
    'promote': Command('builder.repository.promote', 'offer to every host what only testing had'),
    'withdraw': Command('builder.repository.withdraw', 'take a version back out; the one before it is offered again'),
    'verify': Command('builder.repository.verify', 'check a repository or a copy of it, and how long its keys last'),
    'test': Command('builder.selftest', 'run the tests: unit, hosts, or all of them'),
}


def main(argv: list[str]) -> int:
    """Run one command.

    :param argv: the words after ``build.sh``; without a command word, ``build`` is meant.
    :returns: exit status: 0, 1 for a bad input or a failed step, 2 for wrong usage, 130 for ^C.
    """
    if argv and argv[0] in ('-h', '--help'):
        return show_help()
    # A terminated build cleans up like an interrupted one.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    name, rest = (argv[0], argv[1:]) if argv and argv[0] in COMMANDS else ('build', argv)
    try:
        return run(name, rest)
    except BuildError as error:
        print(f'build.sh: {error}', file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        print('build.sh: interrupted; nothing half-written was left behind', file=sys.stderr)
        return 130


def run(name: str, words: list[str]) -> int:
    module = importlib.import_module(COMMANDS[name].module)
    parser = argparse.ArgumentParser(prog=f'./build.sh {name}', description=module.__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    module.configure(parser)
    return module.run(parser.parse_args(words)) or os.EX_OK


def show_help() -> int:
    print('usage: ./build.sh [COMMAND] [SOURCE] [options]\n\nCommands:')
    for name, command in COMMANDS.items():
        print(f'  {name:<11}{command.summary}')
    print("\nWithout a command, ./build.sh builds; `./build.sh COMMAND --help` tells a command's options.")
    return os.EX_OK
