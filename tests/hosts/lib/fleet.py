"""A fleet of test hosts on one network, and Ansible control nodes that reach them by ssh."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.hosts.lib import kinds, packages, rpm  # noqa: F401  register the layers below
from tests.hosts.lib.cloud import SCRIPT, Cloud
from tests.hosts.lib.errors import HostError
from tests.hosts.lib.host import Host, Result
from tests.hosts.lib.kinds import script
from tests.hosts.lib.layers import register
from tests.repositories import Publisher

register('fleet', base='stack', script=script('fleet'))
register('fleet-rpm', base='rpm', script=script('fleet-rpm'))
register('ansible', base='base', script=script('ansible'))
register('ansible-newest', base='base', script=script('ansible-newest'))

PROJECT = Path(__file__).resolve().parents[3]
URL = 'http://127.0.0.1:8000'
INVENTORY = '''[nova_controllers]
ctl1 ansible_port=2201
ctl2 ansible_port=2202
ctl3 ansible_port=2203 fork_manager=dnf repository_manager=dnf repository_suite=zed-el9 repository_key=/root/key.asc
[nova_proxies]
proxy1 ansible_port=2211
proxy2 ansible_port=2212 repository_apt_is_old=true
[all:vars]
ansible_host=127.0.0.1
ansible_user=root
ansible_python_interpreter=/usr/bin/python3
repository_url=http://127.0.0.1:8000
repository_suite=zed-bookworm
repository_key=/root/key.gpg
fork_before=/root/before.yml
fork_after=/root/after.yml
fork_pause=2
fork_freeze=[{"from": "2014-04-17 00:00", "to": "2014-04-18 00:00"}]
'''
# What an operator's own tasks may be: a mark in the place of a load balancer, and an instance on the first proxy.
TASKS = {'before': """
- name: Take it out
  ansible.builtin.file: {path: /run/taken-out, state: touch, mode: "0644"}
""", 'after': """
- name: Put it in
  ansible.builtin.file: {path: /run/taken-out, state: absent}
""", 'canary': """
- name: Create an instance and map it
  ansible.builtin.command: python3 /srv/fleet_canary.py
  changed_when: false
"""}
CONFIGURATION = '''[defaults]
host_key_checking = False
[ssh_connection]
pipelining = True
ssh_args = -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR
'''
RECAP = re.compile(r'^(\S+) +: ok=\d+ +changed=(\d+) +unreachable=(\d+) +failed=(\d+)', re.MULTILINE)

SUITE = 'bookworm'
STOCK_PORT = 8001
# Each of them starts for seconds after every change, and no step of a roll-out asks them: 010 sees them restarted.
IDLE = 'nova-api nova-scheduler'
# What only the first controller runs: the others reach it there, as all have one network.
SHARED = 'mariadb rabbitmq-server placement-versions'  # nova-compute starts only where placement answers
# What a compute host has of nova.conf: no database.
WITHOUT_DATABASE = 'crudini --del /etc/nova/nova.conf database connection; ' \
                   'crudini --del /etc/nova/nova.conf api_database connection'
# A cell of the third controller's own: another database, another bus.
CELL = 'cell2'
CELL_DATABASE = f'mysql+pymysql://nova:nova@127.0.0.1/nova_{CELL}'
CELL_BUS = f'rabbit://guest:guest@127.0.0.1:5672/{CELL}'


@dataclass(frozen=True)
class Member:
    """One host of the fleet, by the name that nova and Ansible know it by; its sshd has a port of its own."""

    host: Host
    name: str

    @classmethod
    def new(cls, host: Host, name: str, port: int) -> Member:
        host.write('/etc/hostname', f'{name}\n')
        host.write('/etc/hosts', f'127.0.0.1 localhost {name}\n')
        host.write('/etc/ssh/sshd_config.d/fleet.conf', f'Port {port}\nListenAddress 127.0.0.1\n')
        return cls(host, name)


def controller(make: Callable[..., Host], name: str, port: int, beside: Host, is_first: bool = False) -> Member:
    """A controller with apt; the first one has the databases and the message bus."""
    host = make(SUITE, 'fleet', beside=beside)
    host.run(f'systemctl disable {IDLE} {"" if is_first else SHARED}')
    host.offer(packages.stock_debs(SUITE).values(), STOCK_PORT)
    return Member.new(host, name, port)


def rpm_controller(make: Callable[..., Host], name: str, port: int, beside: Host) -> Member:
    """A controller with dnf, which runs the conductor of the cell."""
    host = make(SUITE, 'fleet-rpm', beside=beside)
    host.run("sed -i 's/^best=.*/best=True/' /etc/dnf/dnf.conf")  # the default of EL8 and later
    host.run('systemctl disable mariadb rabbitmq-server placement-versions; systemctl enable openstack-nova-conductor; '
             f'crudini --set /etc/nova/nova.conf database connection {CELL_DATABASE}; '
             f'crudini --set /etc/nova/nova.conf DEFAULT transport_url {CELL_BUS}')
    return Member.new(host, name, port)


def make_cell(first: Host) -> None:
    """Give the cell its database and its bus, on the servers of the first controller, and tell nova of it."""
    first.sql(f"CREATE DATABASE nova_{CELL} CHARACTER SET utf8; GRANT ALL ON nova_{CELL}.* TO nova@localhost")
    first.run(f'mysqldump --no-data nova | mysql nova_{CELL}; rabbitmqctl -q add_vhost {CELL} && '
              f"rabbitmqctl -q set_permissions -p {CELL} guest '.*' '.*' '.*'")
    first.run(f'setpriv --reuid nova --regid nova --init-groups nova-manage cell_v2 create_cell --name {CELL} '
              f'--database_connection {CELL_DATABASE} --transport-url {CELL_BUS}')


def proxy(make: Callable[..., Host], name: str, port: int, beside: Host) -> Member:
    """A compute host: nova-compute with nova's fake driver, and no database."""
    member = controller(make, name, port, beside)
    # As Debian's testing and sid, whose releases have no number.
    member.host.run('sed -i /^VERSION_ID/d /etc/os-release; echo forky/sid >/etc/debian_version')
    member.host.run(f'systemctl disable nova-conductor; systemctl enable nova-compute; {WITHOUT_DATABASE}')
    member.host.write('/etc/nova/nova-compute.conf', '[DEFAULT]\ncompute_driver = fake.FakeDriver\n')
    return member


@dataclass(frozen=True)
class Run:
    """How a playbook ended.

    :ivar changed: host -> how many tasks changed something there.
    :ivar failed: hosts that failed or could not be reached.
    """

    status: int
    out: str
    changed: dict[str, int]
    failed: set[str]

    @classmethod
    def of(cls, done: Result) -> Run:
        """What ansible-playbook's last lines tell."""
        rows = RECAP.findall(done.out)
        return cls(done.status, done.out + done.err, {name: int(changed) for name, changed, _, _ in rows},
                   {name for name, _, away, failed in rows if away != '0' or failed != '0'})


def make_control_node(node: Host, repository: Publisher) -> None:
    """Install the collection that a repository offers; its keys lie beside it."""
    [built] = (repository.root / 'ansible').iterdir()
    for kind in ('gpg', 'asc'):
        node.put(repository.root / f'nova-cascading.{kind}', f'/root/key.{kind}')
    node.put(built, f'/root/{built.name}')
    node.run(f'ansible-galaxy collection install /root/{built.name}')


def open_to(node: Host, host: Host) -> None:
    """Let a control node in, and give a host what makes an instance there."""
    for path in (SCRIPT, SCRIPT.with_name('fleet_canary.py')):
        host.put(path, f'/srv/{path.name}')
    host.write('/root/.ssh/authorized_keys', node.read('/root/.ssh/id_ed25519.pub'), 0o600)


class Fleet:
    """Two controllers with one database, a third one with a cell of its own, two proxies, and two control nodes.

    :param make: the factory of hosts.
    :param repository: an empty repository of ours.
    :param pool: whose threads live as long as the fleet: what a host runs ends with the thread that started it.
    """

    def __init__(self, make: Callable[..., Host], repository: Publisher, pool: Executor) -> None:
        self.repository = repository
        self.oldest = make(SUITE, 'ansible')
        self.newest = make('trixie', 'ansible-newest', beside=self.oldest)
        self.oldest.offer(packages.stock_debs(SUITE).values(), STOCK_PORT)
        first = controller(make, 'ctl1', 2201, self.oldest, is_first=True)
        self.members = {member.name: member for member in [
            first, controller(make, 'ctl2', 2202, self.oldest), rpm_controller(make, 'ctl3', 2203, self.oldest),
            proxy(make, 'proxy1', 2211, self.oldest), proxy(make, 'proxy2', 2212, self.oldest)]}
        self._make_nodes()
        first.host.boot()
        make_cell(first.host)
        list(pool.map(lambda member: member.host.boot(), list(self.members.values())[1:]))
        self.client = Cloud(self.members['proxy2'].host, lambda: None)

    def host(self, name: str) -> Host:
        """A member's host."""
        return self.members[name].host

    def publish(self, for_apt: Path, *for_dnf: Path) -> None:
        """Offer packages to the fleet, and the collection to its control nodes."""
        self.repository('publish', '--url', URL, for_apt)
        self.repository('publish', '--suite', 'zed-el9', *for_dnf)
        shutil.rmtree(self.oldest.path('/srv/repo'), ignore_errors=True)
        self.oldest.put(self.repository.root, '/srv/repo')
        if self.oldest.run('ss -Hltn "sport = :8000"').out == '':
            self.oldest.serve('/srv/repo')
        for node in (self.oldest, self.newest):
            if not node.exists('/root/key.gpg'):
                make_control_node(node, self.repository)

    def play(self, playbook: str, *words: str, node: Host | None = None) -> Run:
        """Run a playbook of the collection on the whole fleet.

        :param node: the control node; the one with the oldest Ansible when it is None.
        """
        line = f'ansible-playbook -i inventory nova_cascading.fleet.{playbook} -e fleet_canary=/root/canary.yml'
        return Run.of((node or self.oldest).run(f'{line} {" ".join(words)}', check=False, timeout=900))

    def forked(self) -> set[str]:
        """The members that have the fork."""
        return {name for name, member in self.members.items() if member.host.exists('/usr/bin/nova-cascading')}

    def _make_nodes(self) -> None:
        """Two control nodes with one key, which every member lets in."""
        self.newest.put(self.oldest.path('/root/.ssh'), '/root/.ssh')
        for node in (self.oldest, self.newest):
            node.write('/root/inventory', INVENTORY)
            node.write('/root/.ansible.cfg', CONFIGURATION)
            for name, text in TASKS.items():
                node.write(f'/root/{name}.yml', text)
        for member in self.members.values():
            open_to(self.oldest, member.host)


class Asking:
    """A client that asks nova's conductors all the time, while a block runs.

    :ivar gap: the longest time, in seconds, without an answer.
    :ivar failures: questions that failed.
    """

    def __init__(self, cloud: Cloud, instance: str) -> None:
        self.gap = 0.0
        self.failures: list[str] = []
        self.answers = 0
        self._ended = threading.Event()
        self._cloud, self._instance = cloud, instance

    def __enter__(self) -> Asking:
        self._going = ThreadPoolExecutor(1).submit(self._ask)
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._going.result()  # raises what has ended it

    def _ask(self) -> None:
        last = time.monotonic()
        while not self._ended.is_set():
            try:
                self._cloud.client('get', self._instance)
            except HostError as error:
                self.failures.append(str(error))
                continue
            self.answers += 1
            self.gap, last = max(self.gap, time.monotonic() - last), time.monotonic()
            time.sleep(0.25)  # without a pause, the questions cost as much as the upgrade
