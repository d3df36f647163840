"""A bed whose Python has imported what it needs before it is asked: for tests by the hundred."""

from __future__ import annotations

import functools
import json
import subprocess
from pathlib import Path
from typing import Any

from tests.hosts.lib.bed import Bed, tiny_nova
from tests.hosts.lib.errors import HostError
from tests.hosts.lib.host import Result

SCRIPT = Path(__file__).with_name('inside') / 'warm.py'
PLACE = '/srv/warm.py'
LIBRARIES = ('sqlalchemy', 'oslo_config.cfg', 'sqlalchemy.dialects.mysql.pymysql', 'pymysql', 'MySQLdb',
             'sqlalchemy.dialects.postgresql.psycopg2', 'psycopg2', 'sqlalchemy.dialects.sqlite.pysqlite', 'sqlite3',
             'migrate.versioning.repository')


class WarmBed(Bed):
    """Its commands run in forks of one process; those with a Python or a nova of their own start as ever."""

    def cascading(self, words: str, url: str = '', more: str = '', *, check: bool = True, **others: Any) -> Result:
        """As of any bed."""
        if others:
            return super().cascading(words, url, more, check=check, **others)
        done = self._run(['-m', 'nova.cascading', *words.split(), '--config-file', self.conf(url, more)])
        if check and done.status != 0:
            raise HostError(f'{words!r} ended with status {done.status}\n{done.out}\n{done.err}')
        return done

    def preflight(self, url: str = '', more: str = '') -> Result:
        """As of any bed."""
        place = f'{tiny_nova(self.host, self.latest)}/nova/cascading/host/preflight.py'
        return self._run([place, '--config-file', self.conf(url, more)])

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
