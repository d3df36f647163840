"""What a user of MariaDB or MySQL may do, through roles as well: read from SHOW GRANTS."""

import re

from nova.cascading.database.dialects import base

_THIS_DATABASE = "SELECT CONCAT('`', REPLACE(DATABASE(), '`', '``'), '`')"
_NAME = r'(\*|`(?:[^`]|``)+`|"(?:[^"]|"")+")'
_LINE = re.compile(r'(GRANT|REVOKE) (.+?) ON (?:TABLE )?' + _NAME + r'\.' + _NAME + r' (?:TO|FROM) ', re.IGNORECASE)
_COLUMNS = re.compile(r'\w+ ?\([^)]*\)')
# Privileges, as the manuals say, and statements that cannot succeed: the server looks at the privileges first. They are
# only asked when the list lacks something.
CHANGES = (('ALTER', 'CREATE', 'INDEX', 'INSERT'),
           ('ALTER TABLE {0} DROP INDEX nova_cascading_is_no_index',
            'CREATE INDEX nova_cascading_is_no_index ON {0} (nova_cascading_is_no_column)'))
LOCKS = (('LOCK TABLES',), ('LOCK TABLES nova_cascading_is_no_table READ',))


def refuse_lacking(connection, needs, may_probe):
    """:raises base.StatementError: this user lacks privileges on one of the tables

    :param needs: CHANGES or LOCKS
    :param may_probe: whether a statement that must fail may be tried (a Galera cluster would carry it to all nodes)
    """
    for table in base.TABLES:
        missing = ', '.join(lacking(connection, table, may_probe, needs))
        if missing:
            raise base.StatementError(
                base.PRIVILEGE, '{0}: the database user lacks {1} on {2}'.format(connection.title, missing, table),
                'GRANT {0} ON {1}.* TO it, then run this again'.format(missing, connection.value(_THIS_DATABASE)))


def lacking(connection, table, may_probe, needs=CHANGES):
    """Which of these privileges this user lacks on a table; the parameters are those of refuse_lacking."""
    names, probes = needs
    held = _held(_lines(connection), connection.value('SELECT DATABASE()'), table, names)
    missing = [name for name in names if name not in held]
    if missing and may_probe and not _is_refused(connection, [probe.format(table) for probe in probes]):
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


def _held(lines, database, table, names):
    given, taken = set(), set()
    for line in lines:
        found = _LINE.match(line)
        if found and _fits(found.group(3), database) and _fits(found.group(4), table, is_pattern=False):
            told = _COLUMNS.sub('', found.group(2)).upper().split(',')
            (given if found.group(1).upper() == 'GRANT' else taken).update(name.strip() for name in told)
    if 'ALL PRIVILEGES' in given:
        given.update(names)
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


def _is_refused(connection, probes):
    for probe in probes:
        try:
            connection.rows(probe)
        except base.StatementError as error:
            if error.kind in base.NOT_NOW:
                raise
            if error.kind == base.PRIVILEGE:
                return True
    return False
