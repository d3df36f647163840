"""How long a roll-out takes for more and more hosts, by Ansible and by a shell loop, and how long a client waits.

usage: bench/fleet.py [--hosts 1,2,5,10,20] [--forks 20]     needs root; 8 minutes for 2,10 on a quiet machine

The first two hosts are controllers, booted, with nova at work. All others are light: real sshd, apt, dpkg and packages
on the same disk, but no service of nova runs there.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests import repositories  # noqa: E402
from tests.hosts.conftest import factory  # noqa: E402
from tests.hosts.lib import debs, fleet, packages, templates  # noqa: E402
from tests.hosts.lib.cloud import Cloud  # noqa: E402
from tests.hosts.lib.host import Host  # noqa: E402

SSHD = 'mkdir -p /run/sshd; exec /usr/sbin/sshd -D'
SOURCE = f'''Types: deb
URIs: {fleet.URL}
Suites: zed-bookworm
Components: main
Signed-By: /usr/share/keyrings/nova-cascading-archive-keyring.gpg
'''
INSTALL = 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install python-nova-cascading'
# What an operator would write.
LOOP = f'''set -eu
install() {{{{
    scp -q -P $1 key.gpg 127.0.0.1:/usr/share/keyrings/nova-cascading-archive-keyring.gpg
    scp -q -P $1 nova-cascading.sources 127.0.0.1:/etc/apt/sources.list.d/
    ssh -p $1 127.0.0.1 '{INSTALL}'
}}}}
for port in {{controllers}}; do install $port; ssh -p $port 127.0.0.1 'nova-cascading db check'; done
ssh -p 2201 127.0.0.1 'nova-cascading status'
for port in {{proxies}}; do install $port; done
ssh -p 2201 127.0.0.1 'nova-cascading mapping audit' || [ $? -eq 1 ]  # the client's own instance has no mapping
'''


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--hosts', default='1,2,5,10,20', help='in all (1,2,5,10,20)')
    parser.add_argument('--forks', default='20', help='hosts that Ansible talks to at a time (20)')
    args = parser.parse_args()
    templates.require()
    with factory() as make, repositories.gnupg() as home, tempfile.TemporaryDirectory() as work:
        bench = Bench(make, repositories.Publisher(Path(work) / 'repo', home))
        print(f'{"":<32}{"seconds":>8}{"node CPU s":>12}{"host CPU s":>12}{"longest gap s":>15}')
        for count in map(int, args.hosts.split(',')):
            for forks in map(int, args.forks.split(',')):
                bench.ansible(count, forks)
            bench.loop(count)
    return 0


class Bench:
    """A control node, and the disks that hosts are made of anew for each measurement."""

    def __init__(self, make: Callable[..., Host], repository: repositories.Publisher) -> None:
        self.node = make(fleet.SUITE, 'ansible')
        repository('publish', '--url', fleet.URL, packages.library(packages.fork_of(fleet.SUITE, 1, *debs.DEB)))
        self.node.put(repository.root, '/srv/repo')
        self.node.serve('/srv/repo')
        self.node.offer(packages.stock_debs(fleet.SUITE).values(), fleet.STOCK_PORT)
        fleet.make_control_node(self.node, repository)
        for name, text in {'.ansible.cfg': fleet.CONFIGURATION, 'nova-cascading.sources': SOURCE,
                           'canary.yml': fleet.TASKS['canary'], '.ssh/config': 'Host *\n  StrictHostKeyChecking no\n'
                           '  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n'}.items():
            self.node.write(f'/root/{name}', text)
        self.disks = [self._prepared(make, number) for number in range(3)]

    def ansible(self, count: int, forks: int) -> None:
        """From stock, and again with nothing to change."""
        line = (f'ansible-playbook -i inventory nova_cascading.fleet.rollout --forks {forks} '
                "-e fleet_canary=/root/canary.yml -e fleet_waves='100%'")
        with factory() as make:
            hosts = self._fleet(make, count)
            for what in 'from stock', 'again':
                self._measure(f'{count} hosts, forks {forks}, {what}', line, hosts)

    def loop(self, count: int) -> None:
        """From stock, one host after the other."""
        with factory() as make:
            hosts = self._fleet(make, count)
            controllers, proxies = ports(count)
            line = LOOP.format(controllers=' '.join(map(str, controllers)), proxies=' '.join(map(str, proxies)))
            self._measure(f'{count} hosts, shell loop', line, hosts)

    def _measure(self, name: str, line: str, hosts: list[Host]) -> None:
        """Run a line on the control node, while a client on the last host asks; print a row."""
        *measured, asker = hosts
        client = Cloud(asker, lambda: None)
        instance = client.new()
        began, cpu, spent = time.monotonic(), os.times(), used(measured)
        with fleet.Asking(client, instance) as asking:
            self.node.run(line, timeout=3600)
        own = os.times()
        took = own.children_user + own.children_system - cpu.children_user - cpu.children_system
        figures = f'{time.monotonic() - began:>8.0f}{took:>12.1f}{used(measured) - spent:>12.1f}{asking.gap:>15.2f}'
        print(f'{name:<32}{figures}{"   FAILED " * len(asking.failures)}', flush=True)
        client.hang_up()

    def _prepared(self, make: Callable[..., Host], number: int) -> list[Path]:
        """The disk of the first controller, of the second one, or of a light host."""
        host = make(fleet.SUITE, 'fleet', beside=self.node)
        host.run(f'systemctl disable {fleet.IDLE} {fleet.SHARED if number else ""}')
        if number == 2:
            host.run(fleet.WITHOUT_DATABASE)
        fleet.open_to(self.node, host)
        host.run('rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*')
        host.write('/etc/apt/sources.list.d/stock.list', f'deb [trusted=yes] http://127.0.0.1:{fleet.STOCK_PORT} ./\n')
        host.run('apt-get -qq update')
        return host.freeze()

    def _fleet(self, make: Callable[..., Host], count: int) -> list[Host]:
        """Fresh hosts, and one more, which no inventory names."""
        hosts = [make(fleet.SUITE, self.disks[min(number, 2)], beside=self.node) for number in range(count + 1)]
        for number, host in enumerate(hosts):
            fleet.Member.new(host, f'host{number}', 2201 + number)
            if number < min(count, 2):
                host.boot()
            else:
                host.machine.start_init(SSHD)
        controllers, proxies = ports(count)
        self.node.write('/root/inventory', '\n'.join([
            '[nova_controllers]', *(f'host{port - 2201} ansible_port={port}' for port in controllers),
            '[nova_proxies]', *(f'host{port - 2201} ansible_port={port}' for port in proxies),
            '[all:vars]', 'ansible_host=127.0.0.1', 'ansible_user=root', 'ansible_python_interpreter=/usr/bin/python3',
            f'repository_url={fleet.URL}', 'repository_suite=zed-bookworm', 'repository_key=/root/key.gpg', '']))
        return hosts


def ports(count: int) -> tuple[list[int], list[int]]:
    """The ssh ports of the controllers and of the proxies."""
    every = list(range(2201, 2201 + count))
    return every[:2], every[2:]


def used(hosts: list[Host]) -> float:
    """Processor seconds that hosts have used since they started."""
    total = 0
    for host in hosts:
        assert host.machine._cgroup is not None
        words = (host.machine._cgroup / 'cpu.stat').read_text().split()
        total += int(words[words.index('usage_usec') + 1])
    return total / 1e6


if __name__ == '__main__':
    sys.exit(main())
