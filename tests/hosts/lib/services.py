"""Daemons started by hand, for tests that need no systemd."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Any

from tests.hosts.lib.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hosts.lib.host import Host

# Seconds after which something will not come any more, however busy this machine is.
PATIENCE = 120
# Waits within RabbitMQ until somebody takes messages from a queue: each rabbitmqctl costs half a second of a processor.
LISTENED_TO = 'Wait = fun(Wait) -> case [Number || ' \
              '{{ok, Queue}} <- [rabbit_amqqueue:lookup(rabbit_misc:r(<<"{bus}">>, queue, <<"{name}">>))], ' \
              '{{ok, _, Number}} <- [rabbit_amqqueue:stat(Queue)], Number > 0] of ' \
              '[] -> timer:sleep(100), Wait(Wait); _ -> ok end end, Wait(Wait).'


def start_mariadb(host: Host) -> None:
    """Start MariaDB and wait until it answers."""
    host.run('install -d -o mysql -g mysql /run/mysqld')
    _daemon(host, 'mariadbd --user=mysql', ready='mysqladmin --silent ping')


def start_mysql(host: Host) -> None:
    """Start Oracle's server and wait until it answers."""
    host.run('install -d -o mysql -g mysql /run/mysqld')
    _daemon(host, 'mysqld --user=mysql', ready='mysqladmin --silent ping')


def start_rabbit(host: Host) -> None:
    """Start RabbitMQ and wait until it takes connections."""
    _daemon(host, 'rabbitmq-server', ready='rabbitmqctl -q await_startup --timeout 60')


def do_without_bus(host: Host) -> None:
    """For a host that is not booted yet, of whose services nobody asks anything: RabbitMQ stays off."""
    host.run('systemctl disable rabbitmq-server; crudini --set /etc/nova/nova.conf DEFAULT transport_url fake://')


def serve(host: Host, directory: str, port: int) -> str:
    """Serve *directory* over HTTP; see ``Host.serve``."""
    _daemon(host, f'python3 -m http.server --bind 127.0.0.1 --directory {directory} {port}',
            ready=f'python3 -c "import socket; socket.create_connection((\'127.0.0.1\', {port}))"')
    return f'http://127.0.0.1:{port}'


def until(ask: Callable[[], Any]) -> Any:
    """What a function answers as soon as that is something.

    :raises HostError: when it never is.
    """
    end = time.monotonic() + PATIENCE
    while not (answer := ask()):
        if time.monotonic() > end:
            raise HostError(f'still {answer!r} after {PATIENCE} s')
        time.sleep(0.1)
    return answer


def wait_for(host: Host, line: str, seconds: float = PATIENCE) -> None:
    """Repeat a shell line until it succeeds.

    :raises HostError: when it does not within *seconds*.
    """
    end = time.monotonic() + seconds
    while (done := host.run(line, check=False)).status != 0:
        if time.monotonic() > end:
            raise HostError(f'{line!r} still fails after {seconds} s: {done.out}{done.err}')
        time.sleep(0.2)


def wait_for_conductor(host: Host, name: str = 'conductor', bus: str = '/') -> None:
    """Wait until a conductor takes messages: what is sent before that is lost, and its sender waits for a minute.

    :param name: its queue; ``conductor.HOST`` for the one of that host
    :param bus: the virtual host of RabbitMQ
    :raises HostError: when none does
    """
    wait_for(host, f"timeout {PATIENCE} rabbitmqctl -q eval '{LISTENED_TO.format(bus=bus, name=name)}'")


def _daemon(host: Host, line: str, ready: str) -> None:
    name = line.split()[0]
    host.spawn(f'exec {line} >/var/log/{name}.test.log 2>&1', stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(host, ready)
    except HostError as error:
        log = host.read(f'/var/log/{name}.test.log')
        raise HostError(f'{line!r} does not come up: {error}\n{log[-4000:]}') from error
