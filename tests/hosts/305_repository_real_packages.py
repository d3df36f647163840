"""The fork itself, from the repository: a stock host with its database becomes a forked one by apt-get alone."""

import pytest

from tests import repositories
from tests.hosts.lib import debs, signed
from tests.repositories import Publisher


@pytest.fixture
def repo(tmp_path, fork_of):
    with repositories.signer() as home:
        publisher = Publisher(tmp_path / 'repo', home)
        publisher('publish', fork_of('bookworm', 1, *debs.DEB), '--url', signed.URL)
        yield publisher


@pytest.fixture
def stock(make_host, repo):
    """A stock host, its database down, that follows the first step of the repository's page."""
    host = make_host('bookworm', 'stack')
    debs.leave_uncompiled(host)
    signed.subscribe(host, repo, 'zed-bookworm')
    return host


def test_a_database_that_cannot_be_migrated_is_noticed_before_apt_touches_anything(stock):
    stock.start_mariadb()
    stock.sql('REVOKE ALTER ON nova.* FROM nova@localhost', 'mysql')
    before = debs.installed(stock)
    refused = stock.run('apt-get install -y python-nova-cascading', check=False)
    assert refused.status != 0
    assert 'ALTER' in refused.out and 'auto_migrate = false' in refused.err
    assert debs.installed(stock) == before
    assert stock.run('dpkg --audit').out == ''
    assert 'Removing' not in refused.out
    stock.run('python3 -c "from nova import objects; objects.register_all()"')
    stock.sql('GRANT ALTER ON nova.* TO nova@localhost', 'mysql')
    stock.run('apt-get install -y python-nova-cascading')
    assert debs.has_column(stock)
