"""The column goes only when it can, all of it, and from under nobody."""

import sqlite3
import time
import types

import pytest

TABLES = ('shadow_instances', 'instances')
SERVICES = "CREATE TABLE services (host, binary, report_count, deleted); " \
           "INSERT INTO services VALUES ('control-1', 'nova-conductor', 7, 0)"


class Bed:
    """An SQLite database with the column; `work` is done with it while the rollback sleeps."""

    def __init__(self, load, place, monkeypatch):
        self.rollback, self.load, self.place, self.said = load('migration.rollback'), load, place, []
        self.work = []
        monkeypatch.setattr(self.rollback, 'WATCH', 0.1)
        monkeypatch.setattr(self.rollback, 'time', types.SimpleNamespace(
            time=time.time, sleep=lambda seconds: [self.execute(one) for one in self.work]))
        for table in TABLES:
            self.execute(f'CREATE TABLE {table} (id INTEGER PRIMARY KEY, uuid TEXT, mapping_uuid VARCHAR(36))')
            self.execute(f"INSERT INTO {table} VALUES (1, '{table}', 'm')")
        self.execute('CREATE INDEX instances_mapping_uuid_idx ON instances (mapping_uuid)')

    def execute(self, statements):
        opened = sqlite3.connect(self.place / 'nova.sqlite')
        opened.executescript(statements)
        opened.close()

    def __call__(self, worker, drop=True, **how):
        database = self.load('database.databases').Database('main', f'sqlite:///{self.place}/nova.sqlite')
        with self.load('database.connection').opened(database) as connection:
            made = worker(connection.server)
            try:
                self.rollback.run(made, str(self.place / 'exports'), drop, **how)
            finally:
                self.said += made.said

    def tables(self):
        """Those that have the column."""
        with sqlite3.connect(self.place / 'nova.sqlite') as opened:
            return {table for table in TABLES for row in opened.execute(f'PRAGMA table_info({table})')
                    if row[1] == 'mapping_uuid'}

    def indexes(self):
        with sqlite3.connect(self.place / 'nova.sqlite') as opened:
            return [row[1] for row in opened.execute('PRAGMA index_list(instances)')]


@pytest.fixture
def bed(load, tmp_path, monkeypatch):
    (tmp_path / 'exports').mkdir(mode=0o700)
    return Bed(load, tmp_path, monkeypatch)


def test_an_index_of_another_name_goes_with_its_column(bed, worker):
    bed.execute('DROP INDEX instances_mapping_uuid_idx; CREATE INDEX "it""s mine" ON instances (mapping_uuid)')
    bed(worker)
    assert (bed.tables(), bed.indexes()) == (set(), [])


@pytest.mark.parametrize('left', TABLES)
def test_what_a_broken_off_rollback_has_left_is_exported_and_goes(bed, worker, left):
    bed.execute('DROP INDEX instances_mapping_uuid_idx')
    bed.execute(f'ALTER TABLE {TABLES[left == TABLES[0]]} DROP COLUMN mapping_uuid')
    bed(worker)
    assert bed.tables() == set() and '1 mappings exported' in bed.said[0]


def test_a_half_that_shall_stay_is_to_be_completed(bed, worker, load):
    bed.execute('ALTER TABLE shadow_instances DROP COLUMN mapping_uuid')
    with pytest.raises(load('errors').CascadingError, match='db sync; or drop what is left: .*--drop-column'):
        bed(worker, drop=False)
    assert bed.tables() == {'instances'}


def test_where_mappings_change_meanwhile_the_index_stays_too(bed, worker, load, monkeypatch):
    write = bed.rollback.backup.write
    monkeypatch.setattr(bed.rollback.backup, 'write', lambda *args: (
        write(*args), bed.execute("UPDATE instances SET mapping_uuid = 'other'"))[0])
    with pytest.raises(load('errors').CascadingError, match='changed after the export'):
        bed(worker)
    assert (bed.tables(), bed.indexes()) == (set(TABLES), ['instances_mapping_uuid_idx'])


def test_it_does_not_go_from_under_a_service_that_reports_unless_told_so(bed, worker, load):
    bed.execute(SERVICES)
    bed.work = ['UPDATE services SET report_count = report_count + 1']
    with pytest.raises(load('errors').CascadingError, match='nova-conductor on control-1 is at work') as raised:
        bed(worker)
    assert 'stop all nova services' in raised.value.hint and bed.tables() == set(TABLES)
    bed(worker, force=True)
    assert bed.tables() == set()


def test_services_that_no_longer_report_are_no_reason_to_refuse(bed, worker):
    bed.execute(SERVICES)
    bed(worker)
    assert bed.tables() == set()
