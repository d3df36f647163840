"""How long a roll-out takes for more and more hosts: real ssh and apt, and a package that only takes its time.

usage: bench/fleet.py [--proxies 1,5,10,20] [--forks 5,20] [--seconds N] [--serial 1,5]     needs root

Twenty hosts with nova would measure the two cores of one machine. These have a package of the fork's name whose
installation sleeps, as long as the real one takes on a host of its own; all else is as in a fleet.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests import repositories  # noqa: E402
from tests.hosts.conftest import factory  # noqa: E402
from tests.hosts.lib import debs, fleet, templates  # noqa: E402
from tests.hosts.lib.host import Host  # noqa: E402

VERSION = '2:26.2.2-1~deb12u5+cascading1'
# Answers as a host of a fleet that is well, with a new mapping each time it is asked.
COMMAND = '''#!/bin/sh
case "$*" in
status*) echo '[{"kind": "code", "name": "nova", "state": "fork", "database": null, "detail": null, "next": null}]' ;;
'mapping list'*) echo "[{\\"mapping_uuid\\": \\"$(cat /proc/sys/kernel/random/uuid)\\"}]" ;;
'mapping audit'*) echo 'MAPPING OK' >&2 ;;
esac
'''


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = {'type': lambda text: [int(word) for word in text.split(',')]}
    parser.add_argument('--proxies', default=[1, 5, 10, 20], help='beside the first one (1,5,10,20)', **numbers)
    parser.add_argument('--forks', default=[5, 20], help='hosts at a time (5,20)', **numbers)
    parser.add_argument('--serial', default=[1, 5], help='fleet_serial, for five more controllers (1,5)', **numbers)
    parser.add_argument('--seconds', type=int, default=20, help='what the package takes to install (20)')
    args = parser.parse_args()
    templates.require()
    with factory() as make, repositories.gnupg() as home, tempfile.TemporaryDirectory() as work:
        bench = Bench(make, repositories.Publisher(Path(work) / 'repo', home), max(args.proxies) + 6,
                      package(Path(work), args.seconds))
        print('controllers  proxies  forks  serial   from stock     again   (processor time of the control node)')
        for forks in args.forks:
            for count in args.proxies:
                bench.measure(1, count + 1, forks, 1)
        for serial in args.serial:
            bench.measure(6, 1, max(args.forks), serial)
    return 0


def package(work: Path, seconds: int) -> Path:
    """A python3-nova-cascading that takes *seconds* to install, and stands beside the stock one."""
    root = work / 'root'
    for name, text in {'DEBIAN/postinst': f'#!/bin/sh\nsleep {seconds}\n', 'usr/bin/nova-cascading': COMMAND}.items():
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text(text)
        (root / name).chmod(0o755)
    (root / 'DEBIAN/control').write_text(
        f'Package: {debs.FORK}\nVersion: {VERSION}\nArchitecture: all\nMaintainer: Bench <bench@example.org>\n'
        'Section: net\nPriority: optional\nDescription: a package of the benchmark\n')
    subprocess.run(['dpkg-deb', '--root-owner-group', '-Zgzip', '-b', root, work], check=True, capture_output=True)
    return next(work.glob('*.deb'))


class Bench:
    """A control node, and hosts that are controllers or proxies as the inventory says."""

    def __init__(self, make: Callable[..., Host], repository: repositories.Publisher, count: int, deb: Path) -> None:
        self.node = make('trixie', 'ansible-newest')
        self.hosts = [self._new(make) for _ in range(count)]
        repository('publish', '--url', fleet.URL, deb)
        self.node.put(repository.root, '/srv/repo')
        self.node.serve('/srv/repo')
        self.node.put(repository.root / 'nova-cascading.gpg', '/root/key.gpg')
        [built] = (repository.root / 'ansible').iterdir()
        self.node.put(built, f'/root/{built.name}')
        self.node.run('ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519')
        self.node.run(f'ansible-galaxy collection install /root/{built.name}')
        self.node.write('/root/.ansible.cfg', fleet.CONFIGURATION)
        self.node.write('/root/none.yml', '[]\n')
        for number, host in enumerate(self.hosts):
            host.write('/root/.ssh/authorized_keys', self.node.read('/root/.ssh/id_ed25519.pub'), 0o600)
            host.run('install -d /run/sshd')
            host.spawn(f'exec /usr/sbin/sshd -D -p {2201 + number}', stdout=subprocess.DEVNULL)

    def measure(self, controllers: int, proxies: int, forks: int, serial: int) -> None:
        """Roll out from stock, and again with nothing to do; print the seconds of both."""
        self._write_inventory(controllers, proxies)
        words = f'--forks {forks} -e fleet_serial={serial} -e fleet_canary=/root/none.yml -e fleet_waves=100%'
        took = []
        for _ in 'from stock', 'again':
            began, cpu = time.monotonic(), os.times()
            self.node.run(f'ansible-playbook -i inventory nova_cascading.fleet.rollout {words}', timeout=1800)
            spent = os.times()
            took += [time.monotonic() - began,
                     spent.children_user + spent.children_system - cpu.children_user - cpu.children_system]
        print(f'{controllers:>11} {proxies:>8} {forks:>6} {serial:>7} {took[0]:>10.0f} s {took[2]:>7.0f} s'
              f'   ({took[1]:.0f} s, {took[3]:.0f} s)', flush=True)
        for host in self.hosts[:controllers + proxies]:
            host.run(f'dpkg --purge {debs.FORK} nova-cascading-archive-keyring; '
                     'rm -f /etc/apt/sources.list.d/nova-cascading.sources')

    def _new(self, make: Callable[..., Host]) -> Host:
        """A host with stock nova that names no database, and of which only sshd runs."""
        host = make(fleet.SUITE, 'fleet', beside=self.node)
        host.run('crudini --del /etc/nova/nova.conf database connection; '
                 'crudini --del /etc/nova/nova.conf api_database connection; '
                 'rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*')
        return host

    def _write_inventory(self, controllers: int, proxies: int) -> None:
        lines = ['[nova_controllers]', *(f'ctl{number} ansible_port={2201 + number}' for number in range(controllers)),
                 '[nova_proxies]', *(f'proxy{number} ansible_port={2201 + number}'
                                     for number in range(controllers, controllers + proxies)),
                 '[all:vars]', 'ansible_host=127.0.0.1', 'ansible_user=root',
                 'ansible_python_interpreter=/usr/bin/python3', f'repository_url={fleet.URL}',
                 'repository_suite=zed-bookworm', 'repository_key=/root/key.gpg']
        self.node.write('/root/inventory', '\n'.join(lines) + '\n')


if __name__ == '__main__':
    sys.exit(main())
