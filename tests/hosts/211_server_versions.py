"""Every server that Debian has, in every condition of the table in docs/databases.md."""

import pytest

from tests.hosts.lib import services, verdicts
from tests.hosts.lib.warm import WarmBed


@pytest.fixture(scope='module')
def beds(module_host):
    """suite -> its bed, once one is needed."""
    made = {}

    def of(suite):
        if suite not in made:
            made[suite] = verdicts.bed_of(suite, module_host, WarmBed)
        return made[suite]
    return of


def cell(suite, family, condition):
    """A server between two versions that are asked everything decides no other way, as far as we know."""
    is_between = suite == 'bookworm' and family != 'SQLite' and condition != 'plain'
    return pytest.param(suite, family, condition, id='-'.join((family, verdicts.VERSIONS[suite][family], condition)),
                        marks=[pytest.mark.everywhere] if is_between else [])


@pytest.mark.parametrize('suite, family, condition', [cell(*each) for each in verdicts.CELLS])
def test_verdict(beds, suite, family, condition):
    assert verdicts.met(beds(suite), family, condition) == verdicts.FAMILIES[family][condition].expected


@pytest.mark.parametrize('suite, family', [(suite, family) for suite, found in verdicts.VERSIONS.items()
                                           for family in found])
def test_the_versions_are_those_that_the_table_names(beds, suite, family):
    bed = beds(suite)
    told = {'PostgreSQL': lambda: bed.psql('SHOW server_version'),
            'SQLite': lambda: bed.sqlite3(bed.sqlite(), 'SELECT sqlite_version()')}.get(
                family, lambda: bed.host.sql('SELECT VERSION()', 'mysql')[0][0])()
    assert told.startswith(verdicts.VERSIONS[suite][family] + '.')


@pytest.mark.parametrize('limits, wait, seconds', [
    (('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout'), 30, 4),
    (('idle_session_timeout',), 1, 6)], ids=['busy', 'idle'])
def test_no_time_limit_of_the_role_ends_a_change_that_waits(beds, limits, wait, seconds):
    """PostgreSQL 17 has four; transaction_timeout ends the connection. The table is held for longer than any of them,
    also between two attempts."""
    bed = beds('trixie')
    url = bed.postgresql()
    name = url.rpartition('/')[2]
    bed.psql(''.join(f"ALTER ROLE nova IN DATABASE {name} SET {limit} = '{min(wait, 2)}s';" for limit in limits))
    held = f'BEGIN; SELECT count(*) FROM instances; SELECT pg_sleep({seconds})'
    bed.host.spawn(f'su postgres -c "psql -qAt {name} -c \'{held}\'"')
    services.until(lambda: bed.psql("SELECT 1 FROM pg_locks WHERE relation = 'instances'::regclass", name))
    bed.cascading('db sync', url, f'[cascading]\nlock_wait_timeout = {wait}\n')
    assert bed.is_right(url)
