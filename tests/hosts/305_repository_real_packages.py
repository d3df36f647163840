"""The fork itself, from the repository: a stock host with its database becomes a forked one by apt-get alone."""

import pytest

from tests import repositories
from tests.hosts.lib import debs
from tests.hosts.lib.clients import KEYRING
from tests.repositories import Publisher


@pytest.fixture
def repo(tmp_path, fork_of):
    with repositories.gnupg() as home:
        publisher = Publisher(tmp_path / 'repo', home)
        publisher('publish', fork_of('bookworm', 1, *debs.DEB), '--url', 'http://127.0.0.1:8000')
        yield publisher


def test_a_stock_host_becomes_a_forked_one(make_host, repo):
    host = make_host('bookworm', 'stack')
    host.start_mariadb()
    host.put(repo.root, '/srv/repo')
    host.serve('/srv/repo')
    host.run(f'rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*; cp /srv/repo/nova-cascading.gpg {KEYRING}')
    host.write('/etc/apt/sources.list.d/nova-cascading.list',
               f'deb [signed-by={KEYRING}] http://127.0.0.1:8000 zed-bookworm main\n')
    host.run('apt-get update && apt-get install -y python3-nova-cascading')
    assert host.run('dpkg-query -W -f "\\${Status}" nova-conductor').out == 'install ok installed'
    assert int(host.sql("SELECT count(*) FROM information_schema.columns WHERE table_schema = 'nova' "
                        "AND column_name = 'mapping_uuid'")[0][0]) >= 1
