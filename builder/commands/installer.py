"""Makes the bundle that installs the fork where no package manager owns nova: tarball, pip or devstack.

SOURCE is what `./build.sh` takes: a release, a tarball, a directory (that of the host itself, to get an installer for
exactly that tree), a package. The bundle is nova-cascading-<version>-installer.tar.gz, with its .sha256 and, when a
key is given, its .asc beside it. The same source and version of this project give the same bytes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from builder.commands import options
from builder.common import project, tools, workplace
from builder.common.files import deliver
from builder.common.progress import step
from builder.fork import making
from builder.package import bundle
from builder.repository import keys
from builder.source.obtain import obtain


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('source', metavar='SOURCE', help='the nova that the hosts run (see above)')
    options.delivery(parser, 'it goes')
    parser.add_argument('--key', metavar='ID', help='sign it with this OpenPGP key')


def run(args: argparse.Namespace) -> int:
    with workplace.directory() as work:
        with step('getting the source'):
            tree = obtain(args.source, Path(work) / 'source')
        with step('applying and verifying the fork'):
            made = making.make(tree)
        written = bundle.write(made, Path(work), commit=project.label(), epoch=project.epoch())
        signature = [sign(written, args.key)] if args.key else []
        paths = deliver([written, bundle.checksum(written), *signature], args.to)
    print('\n'.join(f'  {path}' for path in paths))
    print(f'\nOn the host:\n  tar -xzf {paths[0].name}\n  cd {bundle.top(made)}/installation\n  sudo sh ./install.sh')
    return 0


def sign(written: Path, name: str) -> Path:
    """
    :param name: of a key, as gpg takes it.
    :raises BuildError: there is no such key, or another one, or a weak hash, has signed.
    """
    tools.need(['gpg', 'gpgv'])
    [key] = keys.choose([name], [])
    path = written.with_name(written.name + '.asc')
    path.write_bytes(keys.sign(written.read_bytes(), [key.fingerprint], int(time.time())))
    return path
