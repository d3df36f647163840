"""nova-cascading status: which code this host has, what state each database is in, and what to do next."""

import os

import nova
from nova.cascading import adopt, bus, cli, conductors, config, connection, databases, db, errors, plan, record

NEXT = {1: 'install python-nova-cascading on these conductors before any nova proxy uses mappings',
        2: 'see that RabbitMQ and nova-conductor run there; until then no mapping can be set'}
_MODELS = (('db', 'main', 'models.py'), ('db', 'sqlalchemy', 'models.py'))


def configure(parser):
    """Options of `nova-cascading status`."""
    cli.add_config_options(parser)


def run(args, conf):
    """:returns: exit status: 0 nothing to do, 1 something to do, 2 a database cannot be reached"""
    return max([part(conf) for part in PARTS])


def show(topic, text):
    db.say('{0}: {1}'.format(topic, text))


def code(conf):
    """Which nova this is, and whether it has the changes of the fork."""
    show('nova', _version())
    show('code', '{0} in {1}'.format('with the changes of nova-cascading' if is_fork() else
                                     'stock, nova-cascading changes nothing', os.path.dirname(nova.__file__)))
    return 0


def is_fork():
    """Whether the model of an instance in this nova knows the mapping."""
    for parts in _MODELS:
        path = os.path.join(os.path.dirname(nova.__file__), *parts)
        if os.path.exists(path):
            with open(path, 'rb') as model:
                return b'mapping_uuid' in model.read()
    return False


def _version():
    try:
        from nova import version
        return version.version_string()
    except Exception:  # the reasons are as many as the ways to install nova
        return 'of unknown version'


def settings(conf):
    """The options that matter for upgrades."""
    show('auto_migrate', str(conf.cascading.auto_migrate).lower())
    return 0


def all_databases(conf):
    """The state of each database, and what to do about it."""
    found, problems = databases.of(conf)
    if not found and not problems:
        show('databases', db.NOT_CONFIGURED)
    statuses = [0]
    for database in found:
        try:
            with connection.opened(database) as opened:
                statuses.append(_database(opened))
        except errors.CascadingError as error:
            problems.append(error)
    for error in problems:
        show('cannot tell', error)
    return max(statuses + [error.status for error in problems])


def _database(opened):
    missing = plan.Plan(opened.server)
    version = record.version(opened)
    recorded = ', recorded as {0} {1}'.format(record.REPOSITORY_ID, version) if version is not None else ''
    if adopt.is_original(opened):
        show(opened.title, 'migrated by the 2014 original\n  next: nova-cascading db adopt')
    elif missing:
        show(opened.title, 'lacks {0}\n  next: nova-cascading db sync'.format(missing))
    else:
        show(opened.title, 'in place' + recorded)
        return 0
    return 1


def all_conductors(conf):
    """Whether each conductor of each database keeps mappings; what is wrong with the databases has been told before."""
    if not config.connection(conf):
        return 0
    try:
        reached = bus.Bus(conf)
    except errors.CascadingError as error:
        show('conductors', 'cannot ask them: {0}'.format(error))
        return error.status
    return max([0] + [_conductors(reached, database) for database in databases.of(conf)[0]])


def _conductors(reached, database):
    place = '' if database.name == 'main' else ' of {0}'.format(database.name)
    try:
        found = conductors.of(reached, database)
    except errors.CascadingError as error:
        show('conductors' + place, 'cannot ask them: {0}'.format(error))
        return error.status
    for one in found:
        show('conductor on {0}{1}'.format(one.host, place), one.state)
    result = conductors.verdict(found)
    if result:
        show('next', NEXT[result])
    return result


PARTS = [code, settings, all_databases, all_conductors]
