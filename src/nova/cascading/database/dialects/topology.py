"""What a MariaDB or MySQL server is to other servers: a replica, one of two masters, a node of a cluster."""

_REPLICAS = ('SHOW ALL SLAVES STATUS', 'SHOW REPLICA STATUS', 'SHOW SLAVE STATUS')  # of all generations
_FOLLOWERS = ('SHOW REPLICAS', 'SHOW REPLICA HOSTS', 'SHOW SLAVE HOSTS')
_RUNNING = ('slave_io_running', 'slave_sql_running', 'replica_io_running', 'replica_sql_running')
_CHANNELS = ("SELECT SERVICE_STATE FROM performance_schema.replication_connection_status "
             "WHERE CHANNEL_NAME NOT LIKE 'group\\_replication%'")
_CLOSED_SCHEMA = "SELECT 1 FROM information_schema.SCHEMATA_EXTENSIONS WHERE SCHEMA_NAME = DATABASE() " \
                 "AND OPTIONS LIKE '%READ ONLY=1%'"  # MySQL from 8.0.22 on


def why_read_only(server):
    """The reason why nothing can be changed on this server, or None."""
    settings = server.settings('VARIABLES', ['read_only', 'super_read_only', 'innodb_read_only',
                                             'transaction_read_only', 'tx_read_only'])
    for name in sorted(settings):
        if settings[name] not in ('OFF', '0'):
            return 'this server takes no changes ({0}={1}), as replicas do'.format(name, settings[name])
    is_closed = server.answer(lambda: server.connection.rows(_CLOSED_SCHEMA))
    return 'this schema takes no changes, until ALTER DATABASE ... READ ONLY = 0' if is_closed else None


def why_replica(server):
    """The reason not to change this server: it replicates from another one that does not replicate from it in turn."""
    status = server.settings('STATUS', ['Slaves_running', 'Slave_running', 'Slaves_connected'])
    sources = _sources(server)
    if not sources and status.get('slaves_running', '0') == '0' and status.get('slave_running', 'OFF') != 'ON':
        return None
    followers = _followers(server)
    if followers is None:  # it may not be asked: does anybody follow?
        is_one_of_two = status.get('slaves_connected', '0') != '0'
    else:
        is_one_of_two = bool(sources) and set(sources) <= set(followers) or (
            not sources and bool(followers))
    return None if is_one_of_two else 'this server is a replica of another one'


def doubt(server):
    """Why nobody can tell whether this server is a replica, or None.

    MySQL 8 and later tell a user without REPLICATION CLIENT nothing but whose transactions they have; a primary that
    was a replica once has such ones, too.
    """
    if _first_shown(server, _REPLICAS) is not None:
        return None
    told = server.settings('VARIABLES', ['gtid_executed', 'server_uuid', 'group_replication_group_name'])
    own = [told.get('server_uuid'), told.get('group_replication_group_name'), '']
    others = set(part.partition(':')[0].strip() for part in told.get('gtid_executed', '').split(',')) - set(own)
    if others:
        return ('this server has transactions of other servers, and without REPLICATION CLIENT the database user cannot'
                ' see whether it is a replica; if it is one, nova.conf must name its primary')


def why_out_of_cluster(server):
    """The reason why a Galera node cannot be changed now, or None."""
    if not server.is_galera:
        return None
    status = server.settings('STATUS', ['wsrep_ready', 'wsrep_cluster_status', 'wsrep_local_state_comment'])
    wanted = {'wsrep_ready': 'ON', 'wsrep_cluster_status': 'PRIMARY', 'wsrep_local_state_comment': 'SYNCED'}
    for name in sorted(wanted):
        if status.get(name) != wanted[name]:
            return 'this Galera node is not ready: {0} is {1}'.format(name, status.get(name, 'unknown'))


def _sources(server):
    """The numbers of the servers that this one follows; ['?'] when there is one of which no more is known."""
    shown = _first_shown(server, _REPLICAS)
    if shown is not None:
        return [str(row.get('master_server_id') or row.get('source_server_id')) for row in shown
                if not str(row.get('channel_name') or '').startswith('group_replication')
                and set(row.get(name) for name in _RUNNING) - set([None, 'No'])]
    return ['?' for row in server.answer(lambda: server.connection.rows(_CHANNELS)) or () if row[0] != 'OFF']


def _followers(server):
    """The numbers of the servers that follow this one; None when this user may not ask."""
    shown = _first_shown(server, _FOLLOWERS)
    return None if shown is None else [str(row['server_id']) for row in shown]


def _first_shown(server, statements):
    """The rows of the first statement that the server knows and allows, with names in small letters, or None."""
    for statement in statements:
        shown = server.answer(lambda statement=statement: server.connection.records(statement))
        if shown is not None:
            return shown
    return None
