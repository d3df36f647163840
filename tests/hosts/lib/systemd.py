"""systemd as process 1 of a test host."""

from __future__ import annotations

import contextlib
import subprocess
import time
from typing import TYPE_CHECKING

from tests.hosts.lib.errors import HostError

if TYPE_CHECKING:
    from tests.hosts.lib.host import Host

# Units that need a kernel or hardware of their own.
MASKED = ('systemd-udevd.service', 'systemd-udev-trigger.service', 'systemd-modules-load.service',
          'systemd-sysctl.service', 'systemd-networkd.service', 'systemd-timesyncd.service', 'systemd-resolved.service',
          'getty@.service', 'console-getty.service', 'apt-daily.timer', 'apt-daily-upgrade.timer', 'e2scrub_all.timer',
          'fstrim.timer', 'man-db.timer', 'dpkg-db-backup.timer')
INIT = ('mount -t tmpfs -o mode=755 run /run; mkdir /run/lock; '
        'exec /lib/systemd/systemd --system --unit=multi-user.target')
POLICY = '/usr/sbin/policy-rc.d'


class Service:
    """A systemd unit of a host; *name* may lack ``.service``."""

    def __init__(self, host: Host, name: str) -> None:
        self._host = host
        self.name = name

    @property
    def is_active(self) -> bool:
        """Whether it runs."""
        return self._host.run(f'systemctl is-active {self.name}', check=False).out.strip() == 'active'

    @property
    def pid(self) -> int:
        """The main process as numbered in the host; 0 when it does not run."""
        return int(self._host.run(f'systemctl show -p MainPID --value {self.name}').out)

    def start(self) -> None:
        """Start it; raises HostError with its journal when it does not start."""
        self._do('start')

    def stop(self) -> None:
        """Stop it and wait."""
        self._do('stop')

    def journal(self) -> str:
        """What it logged since boot."""
        return self._host.run(f'journalctl --no-pager -b -u {self.name}').out

    def _do(self, verb: str) -> None:
        try:
            self._host.run(f'systemctl {verb} {self.name}')
        except HostError as error:
            raise HostError(f'{error}\n{self.journal()[-4000:]}') from error


def boot(host: Host, seconds: float = 120) -> None:
    """Start systemd and wait until every unit of multi-user.target has been started."""
    for unit in MASKED:
        with contextlib.suppress(FileExistsError):
            host.path(f'/etc/systemd/system/{unit}').symlink_to('/dev/null')
    host.path(POLICY).unlink(missing_ok=True)
    host.machine.start_init(INIT, {'container': 'test', 'LC_ALL': 'C.UTF-8'})
    host.booted = True
    end = time.monotonic() + seconds
    while (state := host.run('systemctl is-system-running', check=False)).out.strip() not in ('running', 'degraded'):
        if time.monotonic() > end:
            jobs = host.run('systemctl list-jobs; systemctl --failed; journalctl -b --no-pager | tail -50', check=False)
            raise HostError(f'systemd is not up after {seconds} s: {state}\n{jobs.out}{jobs.err}')
        time.sleep(0.2)


def shutdown(host: Host, seconds: float = 60) -> None:
    """Power off, then leave the host without systemd, where daemons do not start by themselves."""
    host.run('systemctl poweroff', check=False)
    with contextlib.suppress(subprocess.TimeoutExpired):
        host.machine.wait_end(seconds)
    host.machine.start_init()
    host.booted = False
    host.write(POLICY, '#!/bin/sh\nexit 101\n', 0o755)
