"""Statements in the MariaDB of a test host."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from tests.hosts.lib.host import Host


def run(host: Host, statement: str, database: str) -> list[tuple[str | None, ...]]:
    """Run *statement* as the database's root; see ``Host.sql``."""
    out = host.run(f'mysql --xml --default-character-set=utf8mb4 {database}', input=statement).out
    results = out.split('<?xml version="1.0"?>')
    if not results[-1].strip():
        return []
    return [tuple(_value(field) for field in row) for row in ElementTree.fromstring(results[-1].strip())]


def hold_lock(host: Host) -> Callable[[], None]:
    """A transaction that has read the table and stays open; returns what ends it."""
    host.spawn('mysql nova -e "BEGIN; SELECT * FROM instances; SELECT SLEEP(600)"')
    sleeping = "SELECT id FROM information_schema.processlist WHERE info = 'SELECT SLEEP(600)'"
    while not host.sql(sleeping):
        time.sleep(0.1)
    [(number,)] = host.sql(sleeping)
    return lambda: host.sql(f'KILL {number}')


def _value(field: ElementTree.Element) -> str | None:
    null = field.get('{http://www.w3.org/2001/XMLSchema-instance}nil') == 'true'
    return None if null else field.text or ''
