"""Benchmark: the migration of a large instances table under constant reads and writes.

Usage (as root, from the project's directory): python3 bench/migration.py [--rows 1000000] [--runs 3] [--short]

Contenders, each on Icehouse's real schema with the same rows, while two readers and two writers use the table without
a pause, medians of runs in random order: `nova-cascading db sync`; the server's own ALTER ... ALGORITHM=INSTANT with
the same index; the plain ALTER TABLE of the 2014 original on today's server, and as the servers of its day ran it (a
table copy); pt-online-schema-change. Once more with a transaction open for 10 s on the table. Then the look-up by
mapping_uuid with and without the index. --short leaves out what copies the table: an hour at 10 M rows.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.hosts import conftest  # noqa: E402
from tests.hosts.lib.bed import Bed  # noqa: E402
from tests.hosts.lib.layers import register  # noqa: E402

SCHEMA = 'icehouse-schema-2014.1-v233.mariadb.sql'
ADD = 'ALTER TABLE {0} ADD COLUMN mapping_uuid VARCHAR(36)'
INDEX = 'CREATE INDEX instances_mapping_uuid_idx ON instances (mapping_uuid) ALGORITHM=INPLACE LOCK=NONE'
TABLES = ('shadow_instances', 'instances')
FILL = """INSERT INTO instances (created_at, user_id, project_id, image_ref, power_state, vm_state, memory_mb, vcpus,
    hostname, host, uuid, deleted, display_name, node)
    SELECT NOW(), MD5(seq), MD5(seq % 1000), UUID(), 1, 'active', 2048, 2,
    CONCAT('vm-', seq), CONCAT('node-', seq % 500),
    CONCAT('00000000-0000-0000-0000-', LPAD(seq, 12, '0')), 0, CONCAT('vm ', seq), CONCAT('node-', seq % 500)
    FROM seq_{0}_to_{1}"""
LOAD = """
import json, random, sys, threading, time, pymysql
name, rows = sys.argv[1], int(sys.argv[2])
ends, longest, failed = [], {'reader': 0.0, 'writer': 0.0}, []
READ = 'SELECT hostname, vm_state FROM instances WHERE uuid = %s'
WRITE = 'UPDATE instances SET updated_at = NOW(), power_state = 1 WHERE uuid = %s'
def use(kind, statement):
    server = pymysql.connect(unix_socket='/run/mysqld/mysqld.sock', user='root', database=name, autocommit=True)
    while not ends:
        uuid = '00000000-0000-0000-0000-%012d' % random.randint(1, rows)
        before = time.monotonic()
        try:
            server.cursor().execute(statement, (uuid,))
        except pymysql.err.OperationalError as error:
            failed.append(error.args[0])
        longest[kind] = max(longest[kind], time.monotonic() - before)
        time.sleep(0.002)
users = [threading.Thread(target=use, args=one) for one in [('reader', READ), ('writer', WRITE)] * 2]
for user in users:
    user.start()
print('ready', flush=True)
sys.stdin.readline()
ends.append(True)
for user in users:
    user.join()
print(json.dumps([longest, len(failed)]))
"""

register('bench-migration', base='databases', script='apt-get -qq install -y --no-install-recommends percona-toolkit')


class Bench:
    """One server with one filled database."""

    def __init__(self, bed: Bed, rows: int) -> None:
        self.bed, self.rows = bed, rows
        self.url = bed.mariadb(SCHEMA)
        self.name = self.url.rpartition('/')[2]
        for first in range(1, rows + 1, 100000):
            self.sql(FILL.format(first, min(first + 99999, rows)))
        self.sql('ANALYZE TABLE instances')
        bed.host.write('/root/load.py', LOAD)

    def sql(self, statement: str) -> list[tuple]:
        return self.bed.host.sql(statement, self.name)

    def shell(self, line: str) -> None:
        self.bed.host.run(line, timeout=7200)

    def measure(self, action, held: int = 0) -> dict:
        """Seconds that `action` takes under load, and the longest that a reader and a writer waited meanwhile."""
        load = self.bed.host.spawn(f'python3 /root/load.py {self.name} {self.rows}', stdin=-1, stdout=-1)
        load.stdout.readline()
        if held:
            held_open = f'BEGIN; SELECT uuid FROM instances LIMIT 1; SELECT SLEEP({held})'
            self.bed.host.spawn(f"mysql {self.name} -e '{held_open}' >/dev/null")
        time.sleep(2)
        before = time.monotonic()
        action()
        seconds = time.monotonic() - before
        longest, failed = json.loads(load.communicate('\n')[0])
        self.undo()
        return {'seconds': seconds, 'failed': failed, **longest}

    def undo(self) -> None:
        for table in TABLES:
            if 'mapping_uuid' in self.bed.columns(self.url, table):
                self.sql(f'ALTER TABLE {table} DROP COLUMN mapping_uuid')
        self.sql("DELETE FROM migrate_version WHERE repository_id = 'nova_cascading'")

    def sync(self) -> None:
        self.bed.cascading('db sync', self.url)

    def instant(self) -> None:
        self.sql(';'.join([ADD.format(table) + ', ALGORITHM=INSTANT' for table in TABLES] + [INDEX]))

    def original(self) -> None:
        self.sql(ADD.format('instances'))

    def copy(self) -> None:
        self.sql(ADD.format('instances') + ', ALGORITHM=COPY')

    def online_schema_change(self) -> None:
        change = 'ADD COLUMN mapping_uuid VARCHAR(36), ADD INDEX (mapping_uuid)'
        self.shell(f"pt-online-schema-change --alter '{change}' --alter-foreign-keys-method rebuild_constraints "
                   f'--execute --no-version-check D={self.name},t=instances')

    def look_up(self) -> tuple[float, float]:
        """Milliseconds of one look-up by mapping_uuid in a migrated database: without and with the index."""
        self.sql("UPDATE instances SET mapping_uuid = uuid")
        question = "SELECT SQL_NO_CACHE uuid FROM instances {0} WHERE mapping_uuid = " \
                   f"'00000000-0000-0000-0000-{self.rows // 2:012d}'"
        scan = self._profiled(question.format('IGNORE INDEX (instances_mapping_uuid_idx)'))
        return scan, self._profiled(question.format(''))

    def _profiled(self, question: str) -> float:
        rows = self.sql(f'SET profiling = 1; {question}; {question}; {question}; SELECT MIN(total) FROM (SELECT '
                        'SUM(DURATION) total FROM information_schema.PROFILING GROUP BY QUERY_ID) runs')
        return float(rows[0][0]) * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rows', type=int, default=1000000)
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--short', action='store_true', help='nothing that copies the table')
    args = parser.parse_args()
    with conftest.factory() as make:
        bed = Bed(make('bookworm', 'bench-migration'))
        bed.start_mariadb('innodb_buffer_pool_size=1G innodb_log_file_size=512M')
        before = time.monotonic()
        bench = Bench(bed, args.rows)
        print(f'{args.rows} rows filled in {time.monotonic() - before:.0f} s', flush=True)
        compare(bench, args.runs, args.short)
        report_the_rest(bench)
    return 0


def compare(bench: Bench, runs: int, short: bool) -> None:
    contenders = [
        ('nova-cascading db sync', bench.sync, 0), ("the server's ALTER INSTANT and index", bench.instant, 0),
        ('plain ALTER TABLE, today', bench.original, 0),
        ('nova-cascading db sync, transaction open 10 s', bench.sync, 10),
        ('plain ALTER TABLE, transaction open 10 s', bench.original, 10)]
    copying = [('plain ALTER TABLE, table copy as in 2014', bench.copy, 0),
               ('pt-online-schema-change', bench.online_schema_change, 0)]
    contenders += [] if short else copying
    bench.measure(bench.instant)  # not counted: the first to read the table waits for the disk
    measured: dict[str, list[dict]] = {title: [] for title, _, _ in contenders}
    for number in range(1, runs + 1):
        for title, action, held in random.sample(contenders, len(contenders)):  # what ran before leaves work behind
            measured[title].append(bench.measure(action, held))
        print(f'run {number} of {runs} done', flush=True)
    print(f"{'':46}{'seconds':>9}{'reader waits':>14}{'writer waits':>14}{'failed':>8}")
    for title, results in measured.items():
        one = {name: statistics.median(result[name] for result in results) for name in results[0]}
        waits = f"{one['reader'] * 1000:11.0f} ms{one['writer'] * 1000:11.0f} ms{one['failed']:8.0f}"
        print(f"{title:46}{one['seconds']:8.2f} s{waits}", flush=True)


def report_the_rest(bench: Bench) -> None:
    bench.sync()
    before = time.monotonic()
    bench.sync()
    print(f'db sync with nothing to do: {time.monotonic() - before:.2f} s')
    scan, found = bench.look_up()
    print(f'look-up by mapping_uuid: {scan:.2f} ms without index, {found:.3f} ms with it, '
          f'{scan / found:.0f} times faster')


if __name__ == '__main__':
    sys.exit(main())
