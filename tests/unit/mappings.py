"""A nova of two cells with instances, in SQLite files, and the tool that reads them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

INSTANCES = '''CREATE TABLE instances (id INTEGER PRIMARY KEY, uuid TEXT, mapping_uuid TEXT, host TEXT, vm_state TEXT,
    display_name TEXT, launched_at TEXT, deleted INTEGER DEFAULT 0)'''
CELLS = 'CREATE TABLE cell_mappings (id INTEGER PRIMARY KEY, uuid TEXT, name TEXT, database_connection TEXT, ' \
        'transport_url TEXT)'
LONG_AGO, JUST_NOW = '2014-04-17 10:00:00', '2999-01-01 00:00:00'


def uuid_of(number: int) -> str:
    return f'{number:08x}-0000-4000-8000-{number:012x}'


class Cloud:
    """Two databases, `main` and the cell `west`, and the tool that reads them."""

    def __init__(self, place: Path, capsys, main) -> None:
        self.capsys = capsys
        self.main = main
        self.conf = place / 'nova.conf'
        self.files = {name: place / f'{name}.sqlite' for name in ('main', 'west', 'api')}
        self.made = 0
        self.execute('api', CELLS)
        self.execute('api', 'INSERT INTO cell_mappings (uuid, name, database_connection) VALUES (?, ?, ?)',
                     uuid_of(1), 'west', f'sqlite:///{self.files["west"]}')
        for name in ('main', 'west'):
            self.execute(name, INSTANCES)
        self.conf.write_text(f'[database]\nconnection = sqlite:///{self.files["main"]}\n'
                             f'[api_database]\nconnection = sqlite:///{self.files["api"]}\n')

    def execute(self, database: str, statement: str, *values) -> list:
        with sqlite3.connect(self.files[database]) as opened:
            return opened.execute(statement, values).fetchall()

    def add(self, mapping=None, database='main', host='proxy-1', state='active', since=LONG_AGO, deleted=0) -> str:
        """A new instance; returns its uuid."""
        self.made += 1
        instance = uuid_of(self.made)
        self.execute(database, 'INSERT INTO instances (uuid, mapping_uuid, host, vm_state, display_name, launched_at, '
                     'deleted) VALUES (?, ?, ?, ?, ?, ?, ?)', instance, mapping, host, state, 'a name', since, deleted)
        return instance

    def __call__(self, *words: str) -> tuple:
        """(exit status, standard output, standard error) of the tool."""
        self.capsys.readouterr()
        status = self.main(['mapping', *words, '--config-file', str(self.conf)])
        return (status, *self.capsys.readouterr())

    def rows(self, *words: str) -> list:
        return json.loads(self(*words, '--format', 'json')[1])
