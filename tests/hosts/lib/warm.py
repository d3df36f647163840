"""A bed whose Python has imported what it needs before it is asked: for tests by the hundred."""

from __future__ import annotations

import functools
import json
import subprocess
from pathlib import Path
from typing import Any

from tests.hosts.lib.bed import PREFLIGHT, Bed, tiny_nova
from tests.hosts.lib.host import Result

SCRIPT = Path(__file__).with_name('inside') / 'warm.py'
PLACE = '/srv/warm.py'
LIBRARIES = ('sqlalchemy', 'oslo_config.cfg', 'sqlalchemy.dialects.mysql.pymysql', 'pymysql', 'MySQLdb',
             'sqlalchemy.dialects.postgresql.psycopg2', 'psycopg2', 'sqlalchemy.dialects.sqlite.pysqlite', 'sqlite3',
             'migrate.versioning.repository')


class WarmBed(Bed):
    """What is asked for an exit status runs in forks of one process; all else starts as ever."""

    def cascading(self, words: str, url: str = '', more: str = '', *, check: bool = True, **others: Any) -> Result:
        """As of any bed."""
        if check or others:
            return super().cascading(words, url, more, check=check, **others)
        return self._run(['-m', 'nova.cascading', *words.split(), '--config-file', self.conf(url, more)])

    def preflight(self, url: str = '', more: str = '') -> Result:
        """As of any bed."""
        return self._run([f'{tiny_nova(self.host, self.latest)}/{PREFLIGHT}', '--config-file', self.conf(url, more)])

    @functools.cached_property
    def _process(self) -> subprocess.Popen:
        root = tiny_nova(self.host, self.latest)
        self.host.put(SCRIPT, PLACE)
        line = f'cd {root} && PYTHONPATH={root} exec python3 -B {PLACE} {" ".join(LIBRARIES)}'
        return self.host.spawn(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _run(self, words: list[str]) -> Result:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + '\n')
        self._process.stdin.flush()
        return Result(*json.loads(self._process.stdout.readline()))
