"""A fleet of test hosts on one network, and Ansible control nodes that reach them by ssh."""

from __future__ import annotations

from collections.abc import Callable

from tests.hosts.lib import kinds, packages, rpm  # noqa: F401  register the layers below
from tests.hosts.lib.host import Host
from tests.hosts.lib.kinds import script
from tests.hosts.lib.layers import register

register('fleet', base='stack', script=script('fleet'))
register('fleet-rpm', base='rpm', script=script('fleet-rpm'))
register('ansible', base='base', script=script('ansible'))
register('ansible-newest', base='base', script=script('ansible-newest'))

SUITE = 'bookworm'
STOCK_PORT = 8001
# What only the first controller runs: the others reach it there, as all have one network.
SHARED = ('mariadb', 'rabbitmq-server', 'placement-versions', 'nova-api', 'nova-scheduler')


class Member:
    """One host of the fleet.

    :ivar name: of the host, as nova and Ansible know it.
    :ivar port: of its sshd.
    """

    def __init__(self, host: Host, name: str, port: int) -> None:
        self.host = host
        self.name = name
        self.port = port
        host.write('/etc/hostname', f'{name}\n')
        host.write('/etc/hosts', f'127.0.0.1 localhost {name}\n')
        host.write('/etc/ssh/sshd_config.d/fleet.conf', f'Port {port}\nListenAddress 127.0.0.1\n')

    def welcome(self, key: str) -> None:
        """Let the owner of a public key in as root."""
        self.host.write('/root/.ssh/authorized_keys', key, 0o600)


def controller(make: Callable[..., Host], name: str, port: int, beside: Host | None = None) -> Member:
    """A controller with apt; the first one has the databases and the message bus."""
    member = Member(make(SUITE, 'fleet', beside=beside), name, port)
    if beside:
        member.host.run(f'systemctl disable {" ".join(SHARED)}')
    member.host.offer(packages.stock_debs(SUITE).values(), STOCK_PORT)
    return member


def rpm_controller(make: Callable[..., Host], name: str, port: int, beside: Host) -> Member:
    """A controller with dnf, which runs a conductor."""
    member = Member(make(SUITE, 'fleet-rpm', beside=beside), name, port)
    member.host.run('systemctl disable mariadb rabbitmq-server placement-versions')
    member.host.run('systemctl enable openstack-nova-conductor')
    return member


def proxy(make: Callable[..., Host], name: str, port: int, beside: Host) -> Member:
    """A compute host: nova-compute with nova's fake driver, and no database."""
    member = Member(make(SUITE, 'fleet', beside=beside), name, port)
    host = member.host
    host.run(f'systemctl disable nova-conductor {" ".join(SHARED)}; systemctl enable nova-compute')
    host.run('crudini --del /etc/nova/nova.conf database connection; '
             'crudini --del /etc/nova/nova.conf api_database connection')
    host.write('/etc/nova/nova-compute.conf', '[DEFAULT]\ncompute_driver = fake.FakeDriver\n')
    host.offer(packages.stock_debs(SUITE).values(), STOCK_PORT)
    return member
