"""What a user of MariaDB or MySQL may do, through roles as well: read from SHOW GRANTS."""

import re

from nova.cascading.database.dialects import base

NEEDED = ('ALTER', 'CREATE', 'INDEX', 'INSERT')  # for ALTER TABLE and CREATE INDEX, as the manuals say
_NAME = r'(\*|`(?:[^`]|``)+`|"(?:[^"]|"")+")'
_LINE = re.compile(r'(GRANT|REVOKE) (.+?) ON (?:TABLE )?' + _NAME + r'\.' + _NAME + r' (?:TO|FROM) ', re.IGNORECASE)
_COLUMNS = re.compile(r'\w+ ?\([^)]*\)')
# Statements that cannot succeed; the server looks at the privileges first. Only asked when the list lacks something.
_PROBES = ('ALTER TABLE {0} DROP INDEX nova_cascading_is_no_index',
           'CREATE INDEX nova_cascading_is_no_index ON {0} (nova_cascading_is_no_column)')


def lacking(connection, table, may_probe):
    """Which of the privileges NEEDED this user lacks on a table.

    :param may_probe: whether a statement that must fail may be tried (a Galera cluster would carry it to all nodes)
    """
    database = connection.value('SELECT DATABASE()')
    held = _held(_lines(connection), database, table)
    missing = [name for name in NEEDED if name not in held and 'ALL PRIVILEGES' not in held]
    if missing and may_probe and not _is_refused(connection, table):
        return []
    return missing


def _lines(connection):
    """The grants of this user, of its roles, and of everybody."""
    found = _shown(connection, 'SHOW GRANTS') + _shown(connection, 'SHOW GRANTS FOR PUBLIC')
    roles = _shown(connection, 'SELECT CURRENT_ROLE()')
    if roles and '@' in (roles[0] or ''):  # MySQL, which does not list what the roles give
        found += _shown(connection, 'SHOW GRANTS FOR CURRENT_USER() USING ' + roles[0])
    return found


def _shown(connection, statement):
    """Roles and PUBLIC are younger than some servers."""
    return [row[0] for row in connection.server.answer(lambda: connection.rows(statement)) or ()]


def _held(lines, database, table):
    given, taken = set(), set()
    for line in lines:
        found = _LINE.match(line)
        if found and _fits(found.group(3), database) and _fits(found.group(4), table, is_pattern=False):
            names = _COLUMNS.sub('', found.group(2)).upper().split(',')
            (given if found.group(1).upper() == 'GRANT' else taken).update(name.strip() for name in names)
    if 'ALL PRIVILEGES' in given:
        given = set(NEEDED) | given - set(['ALL PRIVILEGES'])
    return given - taken


def _fits(quoted, name, is_pattern=True):
    r"""Whether `nova\_%` or * stands for this name."""
    if quoted == '*':
        return True
    pattern = quoted[1:-1].replace(quoted[0] * 2, quoted[0])
    if not is_pattern:
        return pattern == name
    parts = re.findall(r'\\.|.', pattern)
    signs = {'%': '.*', '_': '.'}
    return bool(re.match(''.join(signs.get(part, re.escape(part[-1])) for part in parts) + '$', name))


def _is_refused(connection, table):
    for probe in _PROBES:
        try:
            connection.rows(probe.format(table))
        except base.StatementError as error:
            if error.kind in base.NOT_NOW:
                raise
            if error.kind == base.PRIVILEGE:
                return True
    return False
