"""Makes the Ansible collection that rolls the fork out over a fleet of hosts: nova_cascading-fleet-VERSION.tar.gz.

`./build.sh publish` offers it beside the packages. The same version of this project gives the same bytes.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from builder.commands import options
from builder.common import project, workplace
from builder.common.files import deliver
from builder.package import collection


def configure(parser: argparse.ArgumentParser) -> None:
    options.delivery(parser, 'it goes')


def run(args: argparse.Namespace) -> int:
    with workplace.directory() as work:
        built = Path(work, collection.name())
        built.write_bytes(collection.build(project.epoch()))
        [path] = deliver([built], args.to)
    print(f'  {path}\n\nWhere Ansible runs:\n  ansible-galaxy collection install {shlex.quote(str(path))}')
    return 0
