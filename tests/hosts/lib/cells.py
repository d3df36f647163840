"""A second cell beside the first: a database server, a message bus and a conductor of its own, on the same host."""

from __future__ import annotations

import subprocess

from tests.hosts.lib.cloud import Cloud
from tests.hosts.lib.services import wait_for, wait_for_conductor

NAME = 'cell2'
HOST = 'cell2host'
CONF = f'/etc/nova-{NAME}'
DATA = f'/var/lib/mysql-{NAME}'
SOCKET = f'/run/mysqld/{NAME}.sock'
PORT = 3307
DATABASE = f'mysql+pymysql://nova:nova@127.0.0.1:{PORT}/nova'
BUS = f'rabbit://guest:guest@127.0.0.1:5672/{NAME}'
GRANTS = "GRANT ALL ON nova.* TO nova@localhost IDENTIFIED BY 'nova', nova@'127.0.0.1' IDENTIFIED BY 'nova'"


class Cell:
    """cell2 of a cloud with cells v2, at work.

    :ivar proxy: a nova proxy of this cell.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.host = cloud.host
        self.proxy = Cloud(cloud.host, cloud.restart, cloud.python, cloud.programs, CONF)
        self._make_database()
        self._make_bus()
        cloud.manage(f'cell_v2 create_cell --name {NAME} --database_connection {DATABASE} --transport-url {BUS}')
        cloud.run('nova-cascading db sync')
        self.start_conductor()

    def start_database(self) -> None:
        """Start the cell's MariaDB; returns when it answers."""
        self.host.spawn(f'exec mariadbd --user=mysql --datadir={DATA} --port={PORT} --socket={SOCKET} '
                        f'--pid-file=/run/mysqld/{NAME}.pid --skip-log-error', stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL)
        wait_for(self.host, f'mysqladmin -S {SOCKET} --silent ping')

    def stop_database(self) -> None:
        """End the cell's MariaDB."""
        self.host.run(f'mysqladmin -S {SOCKET} shutdown')

    def start_conductor(self) -> None:
        """Start the cell's conductor; returns when it takes messages and has reported in."""
        self.cloud.start_conductor(NAME, f'{CONF}/nova-{NAME}.conf')
        reported = f"SELECT 1 FROM services WHERE host = '{HOST}' AND topic = 'conductor'"
        wait_for(self.host, f'mysql -S {SOCKET} -N nova -e "{reported}" | grep -q 1')
        wait_for_conductor(self.host, f'conductor.{HOST}', NAME)
        self.reported(0)  # what it does by itself only after five seconds

    def stop_conductor(self) -> None:
        """End the cell's conductor."""
        self.cloud.stop_conductor(NAME)

    def reported(self, hours_ago: int) -> None:
        """As if the conductor had reported for the last time so long ago."""
        then = f'UTC_TIMESTAMP() - INTERVAL {hours_ago} HOUR'
        change = f'UPDATE services SET updated_at = {then}, last_seen_up = {then}'
        self.host.run(f'mysql -S {SOCKET} nova -e "{change}"')

    def mappings(self) -> dict[str, str]:
        """What the cell's database has, past nova."""
        said = self.host.run(f'mysql -S {SOCKET} -N nova -e "SELECT uuid, mapping_uuid FROM instances"').out
        return dict(line.split('\t') for line in said.splitlines())

    def _make_database(self) -> None:
        self.host.run(f'mariadb-install-db --user=mysql --datadir={DATA} --skip-test-db >/dev/null')
        self.start_database()
        self.host.run(f'mysql -S {SOCKET} -e "CREATE DATABASE nova CHARACTER SET utf8; {GRANTS}"')
        self.host.run(f'mysqldump --no-data nova | mysql -S {SOCKET} nova')

    def _make_bus(self) -> None:
        self.host.run(f"rabbitmqctl -q add_vhost {NAME} && "
                      f"rabbitmqctl -q set_permissions -p {NAME} guest '.*' '.*' '.*'")
        self.host.write(f'{CONF}/nova-{NAME}.conf', f'[DEFAULT]\nhost = {HOST}\ntransport_url = {BUS}\n'
                                                    f'[database]\nconnection = {DATABASE}\n')
        self.host.run(f'ln -s /etc/nova/nova.conf {CONF}/nova.conf')
