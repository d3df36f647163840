"""Benchmark: the daily questions about mappings against the SQL that an operator would type instead.

Usage (as root, from the project's directory): python3 bench/mapping.py [--rows 1000000]

A MariaDB of a test host holds that many instances on Icehouse's columns and indexes, a tenth without a mapping. Each
question is asked by `nova-cascading mapping` and by the mysql client; shown are seconds and the memory at its peak.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from tests.hosts import conftest  # noqa: E402
from tests.hosts.lib.layers import register  # noqa: E402

SCHEMA = PROJECT / 'tests/data/icehouse-schema-2014.1.5-v234.mariadb.sql'
ADD = '''ALTER TABLE instances ADD COLUMN mapping_uuid VARCHAR(36) NULL;
    CREATE INDEX instances_mapping_uuid_idx ON instances (mapping_uuid)'''
FILL = '''INSERT INTO instances (created_at, launched_at, host, vm_state, uuid, mapping_uuid, deleted, display_name)
    SELECT NOW(), NOW() - INTERVAL 1 DAY, CONCAT('proxy-', seq % 500), 'active', UUID(),
    IF(seq % 10, CONCAT(LEFT(SHA1(seq), 8), '-0000-4000-8000-', LPAD(seq, 12, '0')), NULL), 0, CONCAT('vm ', seq)
    FROM seq_{0}_to_{1}'''
LIST = 'SELECT uuid, mapping_uuid, host, vm_state FROM instances WHERE deleted = 0'
SHARED = '''SELECT uuid, mapping_uuid FROM instances WHERE deleted = 0 AND mapping_uuid IN (SELECT mapping_uuid
    FROM instances WHERE deleted = 0 AND mapping_uuid IS NOT NULL GROUP BY mapping_uuid HAVING COUNT(*) > 1)'''
MALFORMED = '''SELECT uuid FROM instances WHERE deleted = 0
    AND mapping_uuid NOT RLIKE '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' '''
UNMAPPED = "SELECT uuid FROM instances WHERE deleted = 0 AND mapping_uuid IS NULL AND vm_state = 'active'"
CONF = '[database]\nconnection = mysql+pymysql://root@localhost/nova?unix_socket=/run/mysqld/mysqld.sock\n'

register('bench-mapping', base='databases',
         script='apt-get -qq install -y --no-install-recommends python3-prettytable time')


def timed(host, line: str) -> tuple[float, float]:
    """Seconds, and megabytes at the peak, of a command line; what the audit finds is no failure."""
    host.write('/root/line.sh', f'exec {line}')
    done = host.run('/usr/bin/time -f "%e %M" -o /root/time sh /root/line.sh >/root/out', check=False)
    if done.status and 'mapping audit' not in line:
        raise SystemExit(f'{line}: {done.err}')
    seconds, kilobytes = host.read('/root/time').split()[-2:]
    return float(seconds), int(kilobytes) / 1024


def sql(statement: str) -> str:
    return 'mysql --quick nova -e "{}"'.format(' '.join(statement.split()))


def tool(words: str) -> str:
    return f'env PYTHONPATH=/srv python3 -m nova.cascading mapping {words} --config-file /srv/nova.conf'


def fill(host, rows: int) -> None:
    host.put(SCHEMA, '/srv/schema.sql')
    host.run('mysql -e "CREATE DATABASE nova CHARACTER SET utf8"; mysql nova < /srv/schema.sql')
    host.sql(ADD)
    for first in range(1, rows + 1, 100000):
        host.sql(FILL.format(first, min(first + 99999, rows)))
    host.sql('ANALYZE TABLE instances')
    host.write('/srv/nova/__init__.py', '')
    host.write('/srv/nova.conf', CONF)
    host.put(PROJECT / 'src/nova/cascading', '/srv/nova/cascading')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rows', type=int, default=1000000)
    rows = parser.parse_args().rows
    with conftest.factory() as make:
        host = make('bookworm', 'bench-mapping')
        host.start_mariadb()
        fill(host, rows)
        server = host.sql('SELECT mapping_uuid FROM instances WHERE mapping_uuid IS NOT NULL LIMIT 1')[0][0]
        found = f"{LIST} AND mapping_uuid = '{server}'"
        contests = [('find one', tool(f'find {server}'), sql(found)),
                    ('list all (csv)', tool('list --format csv'), sql(LIST)),
                    ('list --unmapped (csv)', tool('list --unmapped --format csv'), sql(UNMAPPED)),
                    ('audit', tool('audit'), sql('; '.join((UNMAPPED, SHARED, MALFORMED))))]
        print(f'{rows} instances; seconds (MB at the peak)\n{"":24}{"nova-cascading":>20}{"mysql client":>20}')
        for title, ours, theirs in contests:
            results = [timed(host, line) for line in (ours, theirs)]
            shown = [f'{seconds:12.2f} ({memory:4.0f})' for seconds, memory in results]
            print(f'{title:24}' + ''.join(shown), flush=True)


if __name__ == '__main__':
    main()
