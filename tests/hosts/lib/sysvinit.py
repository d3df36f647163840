"""sysvinit as process 1 of a test host, and the init scripts of Debian's packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.hosts.lib import kinds, services, systemd
from tests.hosts.lib.layers import register

if TYPE_CHECKING:
    from tests.hosts.lib.host import Host

INIT = 'mount -t tmpfs -o mode=755 run /run; mkdir /run/lock; exec /sbin/init'

register('sysvinit', base='stack', script=kinds.script('sysvinit'))


def boot(host: Host) -> None:
    """Start sysvinit and wait until the scripts of runlevel 2 are through."""
    host.path(systemd.POLICY).unlink(missing_ok=True)
    host.machine.start_init(INIT)
    services.wait_for(host, '[ "$(runlevel)" = "N 2" ] && ! pgrep -x startpar')
    services.wait_for(host, 'rabbitmqctl -q await_startup --timeout 60')


def pid(host: Host, name: str) -> int:
    """The process of one of nova's services, as its script noted it; 0 when it does not run."""
    said = host.run(f'number=$(cat /run/nova/{name}.pid) && kill -0 "$number" && echo "$number"', check=False)
    return int(said.out or 0)
