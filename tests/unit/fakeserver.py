"""A database server that is none: it answers by rules what servers answer that are hard to come by."""

import contextlib
import re
import types


class Driver(Exception):
    """An error as the drivers raise it: a number, and words in any language; PostgreSQL's have a letter code."""

    def __init__(self, code, words):
        super().__init__(*([code, words] if isinstance(code, int) else [words]))
        self.pgcode = None if isinstance(code, int) else code


class Connection:
    """Answers statements by rules [(pattern, rows or error code)]; remembers all of them.

    :param server: the class of nova.cascading.database.dialects that asks.
    """

    title = 'database main (nova on db)'
    driver_connection = types.SimpleNamespace(get_backend_pid=lambda: 1, cancel=lambda: None)

    def __init__(self, server, dialect, *rules):
        self.dialect = dialect
        self.rules = [*rules, *COMMON[dialect]]
        self.asked = []
        self.server = server(self)

    def rows(self, statement, **values):
        self.asked.append(statement)
        for pattern, answer in self.rules:
            if re.search(pattern, statement):
                if not isinstance(answer, list):
                    raise self.server.statement_error(Driver(answer, 'Accès refusé'))
                return answer
        return []

    def records(self, statement):
        return self.rows(statement)

    def value(self, statement, **values):
        return next((row[0] for row in self.rows(statement, **values)), None)

    @contextlib.contextmanager
    def transaction(self):
        yield

    def private(self):
        pass


COMMON = {
    'mysql': [('SELECT DATABASE', [('nova',)]), ('SHOW GLOBAL', []), ('SELECT VERSION', [('8.4.0',)]),
              ('GET_LOCK', [(1,)])],
    'postgresql': [('pg_is_in_recovery', [(False,)]), ('transaction_read_only', [('off',)]),
                   ('server_version_num', [('150000',)]), ('pg_backend_pid', [(1,)]),
                   ('pg_try_advisory_lock', [(True,)])],
}
