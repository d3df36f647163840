"""Novas as devstack, OpenStack-Ansible and Kolla leave them on a host, and an older bundle for them."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from builder.common.files import sha256
from builder.source.obtain import obtain
from tests.hosts.lib import unpackaged, virtualenv
from tests.hosts.lib.kinds import script
from tests.hosts.lib.layers import register
from tests.hosts.lib.unpackaged import Unpackaged

CHECKOUT = '/opt/stack/nova'
UNIT = '''[Unit]
Description = Devstack devstack@n-super-cond.service

[Service]
Environment = "PATH={place}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
KillMode = process
ExecStart = {place}/bin/nova-conductor --config-file /etc/nova/nova.conf
User = stack

[Install]
WantedBy = multi-user.target
'''
RELEASES = ('26.3.0', '34.0.0')  # tags of the checkout


def of_tool(tool: str, version: str, place: str) -> Unpackaged:
    """A virtualenv where a tool has it, with nova as pip itself has put it there."""
    stock, layer = virtualenv.NOVAS[version]
    register(f'{tool}-{version}', base=layer, online=False,
             script=f"VENV='{unpackaged.VENV}' PLACE={place}\n" + script('unpackaged-by-tool'))
    return replace(stock, way=tool, python=f'{place}/bin/python', programs=f'{place}/bin',
                   parent=stock.parent.replace(unpackaged.VENV, place))


def of_devstack(version: str, place: str) -> Unpackaged:
    """devstack's: a git checkout, installed editable, all of it the user stack's."""
    def unpack(root: Path) -> None:
        for release in RELEASES:
            with tempfile.TemporaryDirectory() as work:
                tree = obtain(release, Path(work))
                shutil.copytree(tree.path, root / f'srv/sources/{release}', symlinks=True)

    virtual = of_tool('stack-venv', version, place)
    register(f'devstack-{version}', base=virtual.layer, prepare=unpack,
             files={'/etc/systemd/system/devstack@n-super-cond.service': UNIT.format(place=place)},
             script=f"NOVA={version} RELEASES='{' '.join(RELEASES)}' CHECKOUT={CHECKOUT} PLACE={place}\n"
                    + script('unpackaged-devstack'))
    return replace(virtual, way='devstack', parent=CHECKOUT)


DEVSTACK = of_devstack('26.3.0', '/opt/stack/data/venv')
ANSIBLE = of_tool('openstack-ansible', '34.0.0', '/openstack/venvs/nova-34.0.0')
KOLLA = of_tool('kolla', '26.3.0', '/var/lib/kolla/venv')
ALL = {nova.layer: nova for nova in (DEVSTACK, ANSIBLE, KOLLA)}


def older(bundle: Path, to: Path) -> Path:
    """The bundle of the nova-cascading before: it has a module that is gone since, and one that was changed since."""
    shutil.copytree(bundle, to)
    changed = (bundle / 'nova/cascading/cli.py').read_bytes() + b'\n# as it was\n'
    manifest = json.loads((to / 'manifest.json').read_text())
    for path, content in (('nova/cascading/old/gone.py', b'GONE = 1\n'), ('nova/cascading/cli.py', changed)):
        (to / path).parent.mkdir(exist_ok=True)
        (to / path).write_bytes(content)
        manifest['files'][path] = {'before': None, 'after': sha256(content)}
    (to / 'manifest.json').write_text(json.dumps(manifest))
    paths = sorted(path.relative_to(to) for path in to.rglob('*') if path.is_file() and path.name != 'SHA256SUMS')
    (to / 'SHA256SUMS').write_text(''.join(f'{sha256(to / path)}  {path}\n' for path in paths))
    return to
