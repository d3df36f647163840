"""Mappings of an export come back to the instances they belong to, wherever those are by now, in good time."""

import sqlite3
import types

import pytest

TABLES = ('shadow_instances', 'instances')


@pytest.fixture
def bed(load, tmp_path, monkeypatch):
    return Bed(load, tmp_path, monkeypatch)


class Bed:
    """One database and its export; `statements` are those that the import sends."""

    def __init__(self, load, place, monkeypatch):
        self.backup, self.place = load('migration.backup'), place
        monkeypatch.setattr(self.backup, 'PAGE', 3)
        monkeypatch.setattr(self.backup, 'LOCKED', 2)
        monkeypatch.setattr(self.backup, 'BATCH', 5)
        self.connection = load('database.connection')
        self.database = load('database.databases').Database('main', f'sqlite:///{place}/nova.sqlite')
        self.statements = []
        for table in TABLES:
            self.execute(f'CREATE TABLE {table} (id INTEGER PRIMARY KEY, uuid TEXT, mapping_uuid TEXT)')

    def execute(self, statement, *values):
        with sqlite3.connect(self.place / 'nova.sqlite') as opened:
            return opened.execute(statement, values).fetchall()

    def add(self, table, *numbers):
        for number in numbers:
            self.execute(f'INSERT INTO {table} VALUES (?, ?, ?)', number, f'u{number}', f'm{number}')

    def exported(self):
        (self.place / 'exports').mkdir(mode=0o700)
        with self.connection.opened(self.database) as opened:
            return self.backup.write(opened, str(self.place / 'exports'), TABLES)[0]

    def forget(self):
        for table in TABLES:
            self.execute(f'UPDATE {table} SET mapping_uuid = NULL')

    def restored(self, path):
        with self.connection.opened(self.database) as opened:
            execute = opened._execute
            opened._execute = lambda statement, *more: self.statements.append(statement) or execute(statement, *more)
            return self.backup.restore(self.worker(opened), path)

    @staticmethod
    def worker(opened):
        return types.SimpleNamespace(connection=opened, patiently=lambda table, action: action())

    def mappings(self, table):
        return dict(self.execute(f'SELECT uuid, mapping_uuid FROM {table}'))


def test_every_mapping_comes_back_whatever_the_length_of_a_page_and_of_a_walk(bed):
    bed.add('instances', *range(1, 13))
    bed.add('shadow_instances', *range(20, 33))
    path = bed.exported()
    bed.forget()
    assert bed.restored(path) == (25, 0, 0, 0)
    assert bed.mappings('instances') == {f'u{number}': f'm{number}' for number in range(1, 13)}
    assert bed.mappings('shadow_instances') == {f'u{number}': f'm{number}' for number in range(20, 33)}
    assert bed.restored(path) == (0, 25, 0, 0)


def test_an_archived_row_is_never_looked_for_by_its_uuid(bed):
    """shadow_instances has no index on it: each look would read the whole table."""
    bed.add('shadow_instances', *range(1, 13))
    path = bed.exported()
    bed.forget()
    bed.restored(path)
    assert not [one for one in bed.statements if 'shadow_instances' in one and 'uuid = :uuid' in one]
    walks = [one for one in bed.statements if one.startswith('SELECT id, uuid')]
    assert len(walks) == 3 * 5, 'one walk of five pages for each five of twelve rows'


def test_what_was_archived_or_brought_back_since_the_export_is_found_in_the_other_table(bed):
    bed.add('instances', 1, 2, 3)
    bed.add('shadow_instances', 4)
    path = bed.exported()
    bed.forget()
    bed.execute('INSERT INTO shadow_instances SELECT * FROM instances WHERE id = 2')
    bed.execute('DELETE FROM instances WHERE id IN (2, 3)')
    bed.execute('INSERT INTO instances SELECT * FROM shadow_instances WHERE id = 4')
    bed.execute('DELETE FROM shadow_instances WHERE id = 4')
    assert bed.restored(path) == (3, 0, 0, 1)
    assert bed.mappings('instances') == {'u1': 'm1', 'u4': 'm4'}
    assert bed.mappings('shadow_instances') == {'u2': 'm2'}


def test_a_mapping_that_is_there_stays(bed):
    bed.add('instances', 1, 2)
    bed.add('shadow_instances', 3)
    path = bed.exported()
    bed.execute("UPDATE instances SET mapping_uuid = 'other' WHERE id = 1")
    assert bed.restored(path) == (0, 2, 1, 0)
    assert bed.mappings('instances')['u1'] == 'other'


def test_rows_of_one_uuid_in_both_tables_get_their_own_mappings(bed):
    bed.add('shadow_instances', 1)
    bed.execute("INSERT INTO instances VALUES (1, 'u1', 'later')")
    path = bed.exported()
    bed.forget()
    assert bed.restored(path) == (2, 0, 0, 0)
    assert (bed.mappings('instances'), bed.mappings('shadow_instances')) == ({'u1': 'later'}, {'u1': 'm1'})
