"""nova-cascading status: which code this host has, what state each database is in, and what to do next."""

import collections
import os

import nova
from nova.cascading import arguments, config, errors, output, terminal
from nova.cascading.conductors import bus, survey
from nova.cascading.database import databases
from nova.cascading.host import editable, pip
from nova.cascading.migration import adopt, desired, record
from nova.cascading.migration.report import NOT_CONFIGURED

COLUMNS = ('kind', 'name', 'database', 'state', 'detail', 'next')
NEXT = {1: 'install nova-cascading on these conductors before any nova proxy uses mappings',
        2: 'see that RabbitMQ and nova-conductor run there, and have nova forget hosts that are gone for good '
           '(openstack compute service delete); until then mappings may be lost, or cannot be set'}
VERDICTS = ('keep', 'lose', 'unknown')
STATES = {survey.KEEPS: 'keeps', survey.LOSES: 'loses', survey.SILENT: 'silent', survey.UNASKED: 'silent',
          survey.DOWN: 'down'}
_MODELS = (('db', 'main', 'models.py'), ('db', 'sqlalchemy', 'models.py'))

# What is found out: its columns, the exit status that it means, and how people read it.
Fact = collections.namedtuple('Fact', COLUMNS + ('status', 'text'))


def configure(parser):
    """Options of `nova-cascading status`."""
    arguments.add_config_options(parser)
    output.add_options(parser)


def run(args, conf):
    """:returns: exit status: 0 nothing to do, 1 something to do, 2 a database or conductor cannot be asked"""
    rows = None if args.format == 'table' else output.printer(args.format, COLUMNS)
    worst = 0
    try:
        for part in PARTS:
            for found in part(conf):
                show(found, rows)
                worst = max(worst, found.status)
    finally:
        if rows:
            rows.close()
    return worst


def show(found, rows):
    """A row for programs, or for people a line as soon as it is known."""
    if rows:
        rows.add(found[:len(COLUMNS)])
    elif found.text:
        terminal.say(found.text)


def fact(kind, text, name=None, state=None, detail=None, then=None, status=0, database=None):
    return Fact(kind, name, database, state, detail, then, status, text)


def code(conf):
    """Which nova this is, and whether it has the changes of the fork."""
    version, place = _version(), os.path.dirname(nova.__file__)
    yield fact('nova', 'nova: {0}'.format(version), name=version)
    words = 'with the changes of nova-cascading' if is_fork() else 'stock, nova-cascading changes nothing'
    yield fact('code', 'code: {0} in {1}'.format(words, place), name=place, state='fork' if is_fork() else 'stock')
    source = editable.metadata() and 'run from its source in {0} (pip install -e)'.format(editable.tree())
    said = ', '.join(filter(None, [source, pip.provenance()]))
    if said:
        yield fact('package', 'package: pip\'s nova, {0}'.format(said), name='pip', detail=said)


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
    value = str(conf.cascading.auto_migrate).lower()
    yield fact('option', 'auto_migrate: {0}'.format(value), name='auto_migrate', state=value)


def all_databases(conf):
    """The state of each database, and what to do about it."""
    answers, problems = databases.ask(conf, _state)
    if not answers and not problems:
        yield fact('databases', 'databases: {0}'.format(NOT_CONFIGURED), state='none', detail=NOT_CONFIGURED)
    place = config.source(conf) or 'the environment'
    for database, answer in answers:
        if answer.error:
            yield _unknown('database', answer.error, database.name, 'cannot tell: ')
        else:
            yield _database(database, place if database.name == 'main' else None, *answer.value)
    for error in problems:
        yield _unknown('databases', error, None, 'cannot tell: ')


def _unknown(kind, error, name, before):
    state = 'unknown' if error.status else 'left alone'
    return fact(kind, '{0}{1}'.format(before, error), name=name, state=state, detail=error.what, then=error.hint,
                status=error.status)


def _state(opened):
    """(state, it in words, the next command or None) of one database"""
    missing, version = desired.Missing(opened.server), record.version(opened)
    if adopt.is_original(opened):
        return 'original', 'migrated by the 2014 original', 'nova-cascading db adopt'
    if missing:
        return 'lacking', 'lacks {0}'.format(missing), 'nova-cascading db sync'
    recorded = ', recorded as {0} {1}'.format(record.REPOSITORY_ID, version) if version is not None else ''
    return 'in place', 'in place' + recorded, None


def _database(database, place, state, words, then):
    """:param place: the file that names it, when it is not the API database"""
    text = '{0}{1}: {2}{3}'.format(database, ', from ' + place if place else '', words,
                                   '\n  next: ' + then if then else '')
    return fact('database', text, name=database.name, state=state, detail=words, then=then, status=1 if then else 0)


def all_conductors(conf):
    """Whether each conductor of each database keeps mappings; what is wrong with the databases has been told before."""
    found = databases.of(conf)[0]
    if not found:
        return
    try:
        reached = bus.Bus(conf)
    except errors.CascadingError as error:
        yield _unknown('conductors', error, None, 'conductors: cannot ask them: ')
        return
    for database in found:
        for one in _conductors(reached, database, conf):
            yield one


def _conductors(reached, database, conf):
    place = '' if database.name == 'main' else ' of {0}'.format(database.name)
    try:
        found = survey.of(reached, database)
    except errors.CascadingError as error:
        error = databases.to_this_host(conf, error)
        if not error.status or databases.is_nobodys(database.is_shipped, error):  # told before, or a shipped nova.conf
            return
        yield _unknown('conductors', error, database.name, 'conductors{0}: cannot ask them: '.format(place))
        return
    for one in found:
        yield fact('conductor', 'conductor on {0}{1}: {2}'.format(one.host, place, one.state), name=one.host,
                   database=database.name, state=STATES.get(one.state, 'fails'), detail=one.state)
    result = survey.verdict(found)
    then = NEXT.get(result)
    yield fact('conductors', 'next: ' + then if then else None, name=database.name, state=VERDICTS[result], then=then,
               status=result)


PARTS = [code, settings, all_databases, all_conductors]
