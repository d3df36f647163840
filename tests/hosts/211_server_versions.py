"""Every server that Debian has, in every condition of the table in docs/databases.md."""

import pytest

from tests.hosts.lib import verdicts


@pytest.fixture(scope='module')
def bed(request, module_host):
    """The servers of a suite."""
    return verdicts.bed_of(request.param, module_host)


@pytest.mark.parametrize('bed, family, condition', verdicts.CELLS, indirect=['bed'],
                         ids=['-'.join((family, verdicts.VERSIONS[suite][family], condition))
                              for suite, family, condition in verdicts.CELLS])
def test_verdict(bed, family, condition):
    assert verdicts.met(bed, family, condition) == verdicts.FAMILIES[family][condition].expected


@pytest.mark.parametrize('bed, family', [(suite, family) for suite, found in verdicts.VERSIONS.items()
                                         for family in found], indirect=['bed'])
def test_the_versions_are_those_that_the_table_names(bed, family):
    told = {'PostgreSQL': lambda: bed.psql('SHOW server_version'),
            'SQLite': lambda: bed.sqlite3(bed.sqlite(), 'SELECT sqlite_version()')}.get(
                family, lambda: bed.host.sql('SELECT VERSION()', 'mysql')[0][0])()
    assert told.startswith(verdicts.VERSIONS[bed.host.suite][family] + '.')
