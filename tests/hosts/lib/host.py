"""A test host: commands, files, services and databases of one machine that lives for one test."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.common.project import PROJECT
from tests.hosts.lib import repository, services, sql, systemd
from tests.hosts.lib.errors import HostError
from tests.hosts.lib.machine import Machine


@dataclass(frozen=True)
class Result:
    """How a command ended: exit status, standard output and standard error."""

    status: int
    out: str
    err: str


class Host:
    """One host; made by the ``make_host`` fixture, gone when the test ends.

    :param suite: the code name of its distribution.
    :param machine: its namespaces.
    """

    def __init__(self, suite: str, machine: Machine) -> None:
        self.suite = suite
        self.machine = machine
        self.booted = False

    def run(self, line: str, *, check: bool = True, input: str | None = None, env: dict[str, str] | None = None,
            timeout: float = 600) -> Result:
        """Run a shell line as root in ``/root``.

        :param timeout: seconds; a longer run is killed.
        :raises HostError: with what it printed, when it fails and *check* is true.
        """
        command = self._command(line, env)
        try:
            done = subprocess.run(command, input=input or '', capture_output=True, text=True, errors='replace',
                                  timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise HostError(f'{line!r} did not end within {timeout} s\n{error.stdout}\n{error.stderr}') from error
        if check and done.returncode != 0:
            raise HostError(f'{line!r} ended with status {done.returncode}\n{done.stdout}\n{done.stderr}')
        return Result(done.returncode, done.stdout, done.stderr)

    def spawn(self, line: str, *, env: dict[str, str] | None = None, **popen: Any) -> subprocess.Popen:
        """Start a shell line; it is killed with the returned process, or with the host."""
        return subprocess.Popen(self._command(line, env), **{'stdin': subprocess.DEVNULL, 'text': True, **popen})

    def path(self, path: str | Path) -> Path:
        """Where *path* of the host is seen from outside. Absolute symbolic links in it lead astray."""
        return self.machine.root / str(path).lstrip('/')

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file, making its directory."""
        place = self.path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(mode)

    def read(self, path: str) -> str:
        """The text of a file."""
        return self.path(path).read_text()

    def exists(self, path: str) -> bool:
        """Whether a path is there, a dangling link included."""
        return self.path(path).exists() or self.path(path).is_symlink()

    def put(self, local: str | Path, path: str) -> None:
        """Copy a file or a directory of this machine to *path*."""
        place = self.path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        if Path(local).is_dir():
            shutil.copytree(local, place, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(local, place)

    def boot(self) -> None:
        """Start systemd as process 1 and wait until it is up. What ran before is ended."""
        systemd.boot(self)

    def shutdown(self) -> None:
        """Stop systemd and its services as a power-off does; the host stays usable without it."""
        systemd.shutdown(self)

    def service(self, name: str) -> systemd.Service:
        """A service of a booted host."""
        return systemd.Service(self, name)

    def start_mariadb(self) -> None:
        """Start MariaDB without systemd; returns when it answers."""
        services.start_mariadb(self)

    def start_rabbit(self) -> None:
        """Start RabbitMQ without systemd; returns when it answers."""
        services.start_rabbit(self)

    def sql(self, statement: str, database: str = 'nova') -> list[tuple]:
        """Run statements in the host's MariaDB as its root; the rows of the last one, NULL as None."""
        return sql.run(self, statement, database)

    def serve(self, directory: str, port: int = 8000) -> str:
        """Serve a directory of the host over HTTP on its loopback; returns the URL."""
        return services.serve(self, directory, port)

    def offer(self, debs: Iterable[Path], port: int = 8000, beside: bool = False) -> None:
        """Make *debs* what apt of this host can install: a repository over HTTP on its loopback.

        :param beside: whether its other sources stay.
        """
        repository.offer(self, debs, port, beside)

    def freeze(self) -> list[Path]:
        """End this host for good and return its layers: ``make_host(suite, layers)`` makes copies of it as it was."""
        return self.machine.freeze()

    def keep(self) -> str:
        """Leave the disk behind when the host ends; returns the command that opens a shell in a host made of it."""
        return f"PYTHONPATH='{PROJECT}' python3 -m tests.hosts.lib.shell {self.suite} {self.machine.keep_disk()}"

    def close(self) -> None:
        """End the host and remove what it wrote."""
        self.machine.close()

    def _command(self, line: str, env: dict[str, str] | None) -> list:
        settings = {'DEBIAN_FRONTEND': 'noninteractive', **(env or {})}
        return self.machine.command(['sh', '-c', f'cd /root; {line}'], settings)
