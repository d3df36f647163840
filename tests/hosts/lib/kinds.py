"""The layers that every area's tests can use; scripts lie in layers.d/."""

from __future__ import annotations

from pathlib import Path

from tests.hosts.lib.layers import register

SCRIPTS = Path(__file__).with_name('layers.d')


def script(name: str) -> str:
    """The text of one of the scripts in layers.d/."""
    return (SCRIPTS / f'{name}.sh').read_text()


# Nothing here has to outlive a power failure of this machine, and dpkg waits for the disk after every file.
register('minbase', base=None, script='--variant=minbase --include=ca-certificates --dpkgopt=force-unsafe-io')
register('base', base='minbase', script=script('base'))
register('servers', base='base', script=script('servers'))
register('stack-packages', base='servers', script=script('stack-packages'))
register('stack', base='stack-packages', script=script('stack'), online=False)
register('upgraders', script=script('upgraders'))
register('next-release', script=script('next-release'))
register('databases', base='servers', script=script('databases'))
register('pip-host', base='servers', script=script('pip-host'))
register('py27', base='servers', script=script('py27'))
