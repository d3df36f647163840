"""A cloud in a test host as its nova proxy and its operator see it, whatever nova runs there."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.hosts.lib.errors import HostError
from tests.hosts.lib.host import Host, Result
from tests.hosts.lib.machine import PATH

SCRIPT = Path(__file__).with_name('inside') / 'proxy_client.py'
PLACE = '/srv/proxy_client.py'
# The first url is the token plugin's, and up to Pike also nova's; the other one is nova's since.
NEUTRON = '[neutron]\nauth_type = admin_token\ntoken = any\nurl = {url}\nendpoint = {url}\nendpoint_override = {url}\n'


def new_uuid() -> str:
    """A UUID that nothing has yet."""
    return str(uuid.uuid4())


@dataclass
class Cloud:
    """One host with nova's control plane, or a part of it.

    :param host: where it runs.
    :param restart: restarts nova-conductor and returns when it is at work again.
    :param python: the interpreter that runs nova.
    :param programs: where nova-manage and nova-cascading are.
    :param conf: the directory whose nova.conf the proxy reads.
    :param neutron: what nova.conf says to make neutron answer at {url}.
    """

    host: Host
    restart: Callable[[], None]
    python: str = 'python3'
    programs: str = '/usr/bin'
    conf: str = '/etc/nova'
    neutron: str = NEUTRON
    _session: subprocess.Popen | None = field(default=None, init=False)

    def run(self, line: str, check: bool = True) -> Result:
        """Run a shell line with nova's programs in the PATH."""
        return self.host.run(line, check=check, env=self._environment())

    def tool(self, words: str) -> Any:
        """What `nova-cascading mapping` answers to a question."""
        return json.loads(self.run(f'nova-cascading mapping {words} --format json').out)

    def manage(self, words: str, check: bool = True) -> Result:
        """Run nova-manage as nova."""
        return self.run(f'setpriv --reuid nova --regid nova --init-groups nova-manage {words}', check)

    def client(self, *words: str) -> str:
        """What a nova proxy, which stays connected between the calls, does and is told; see inside/proxy_client.py.

        :raises HostError: with the traceback, when it fails.
        """
        if self._session is None or self._session.poll() is not None:
            self._session = self.host.spawn(self._line('serve'), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.DEVNULL)
        assert self._session.stdin is not None and self._session.stdout is not None
        self._session.stdin.write(json.dumps(words) + '\n')
        self._session.stdin.flush()
        line = self._session.stdout.readline()
        if not line:
            return self.client_once(*words)
        done, told = json.loads(line)
        if not done:
            raise HostError(f'{" ".join(words)}: {told}')
        return told

    def client_once(self, *words: str) -> str:
        """The same in a process of its own."""
        return self.host.run(self._line(*words)).out.strip()

    def start_conductor(self, name: str, *more: str) -> None:
        """Start one more nova-conductor, as nova; *more* are configuration files that overrule nova.conf."""
        files = ' '.join(f'--config-file {path}' for path in ('/etc/nova/nova.conf', *more))
        words = f'nova-conductor {files} --log-file /var/log/nova/{name}.log'
        line = f'exec setpriv --reuid nova --regid nova --init-groups {words}'
        self.host.spawn(line, env=self._environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop_conductor(self, name: str) -> None:
        """End a conductor that start_conductor began."""
        self.host.run(f'pkill -u nova -f nova/{name}.log; while pgrep -u nova -f nova/{name}.log; do sleep 0.1; done')

    def hang_up(self) -> None:
        """End the connected proxy; the next one is a new process, with the code that the host then has."""
        if self._session is not None:
            self._session.kill()
            self._session.wait()
            self._session = None

    def new(self, server: str | None = None, where: str = 'testhost') -> str:
        """A new active instance, that stands for a server when one is named."""
        instance = self.client('create', where)
        if server:
            self.client('save', instance, server)
        return instance

    def mapped(self) -> tuple[str, str]:
        """A new instance and the server that it stands for."""
        server = new_uuid()
        return self.new(server), server

    def _environment(self) -> dict[str, str]:
        return {'PATH': f'{self.programs}:{PATH}', 'PYTHONDONTWRITEBYTECODE': '1'}

    def _line(self, *words: str) -> str:
        if not self.host.exists(PLACE):
            self.host.put(SCRIPT, PLACE)
        return f"NOVA_PROXY_CONF={self.conf} exec '{self.python}' {PLACE} {' '.join(words)}"
