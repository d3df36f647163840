"""Read nova.conf the way nova-manage of the same host reads it."""

import contextlib
import os
import re
import socket

try:
    from oslo_config import cfg
except ImportError:
    from oslo.config import cfg

from nova.cascading import conffiles, errors, installed, intime, redact

OPTIONS = [
    cfg.BoolOpt('auto_migrate', default=True,
                help='Whether installing the package migrates the databases. When false, run '
                     '"nova-cascading db sync" yourself.'),
    cfg.IntOpt('lock_wait_timeout', default=3,
               help='Seconds that the migration waits for a table that other transactions use. All other users of '
                    'the table wait for as long, so keep it short.'),
    cfg.IntOpt('lock_retries', default=20,
               help='How often the migration tries again after such a wait before it gives up.'),
    cfg.BoolOpt('allow_table_copy', default=False,
                help='Whether a server that can add the column or the index in no better way may copy the table, '
                     'or lock it against writes. Takes about 50 seconds for a million rows.'),
    cfg.IntOpt('max_wait', default=600,
               help='Seconds that one migration of a database waits in all: for other migrations of it, and for '
                    'tables that are in use.'),
]
_KINDS = {cfg.BoolOpt: 'true or false', cfg.IntOpt: 'a whole number'}
_AGAIN = 'correct it, then run this again'
# PostgreSQL waits for ever with a limit of 0; without an attempt nothing is done, and nothing fails.
_LIMITS = (('lock_wait_timeout', 1, 3600), ('lock_retries', 0, 10000), ('max_wait', 0, 604800))
# What connection strings refer to in nova.conf, with the defaults that nova has.
_REFERENCES = (('state_path', '/var/lib/nova'), ('sqlite_db', 'nova.sqlite'), ('host', socket.gethostname()),
               ('bindir', '/usr/bin'))
_CONNECTION = cfg.StrOpt('connection', secret=True, deprecated_opts=[
    cfg.DeprecatedOpt('sql_connection', group='DEFAULT'),
    cfg.DeprecatedOpt('sql_connection', group='DATABASE'),
    cfg.DeprecatedOpt('connection', group='sql')])
_PARAMETERS = cfg.StrOpt('connection_parameters', default='', secret=True)  # oslo.db's
SOURCES = 15  # seconds for all of config_source; oslo.config waits for ever
GROUPS = ('database', 'api_database')


class Configuration(cfg.ConfigOpts):
    """nova's configuration.

    :ivar words: the arguments that name files and directories; empty: the usual ones are read
    :ivar more: files besides nova-manage's that are read, as only services find them
    :ivar others: (service, connection string) of each whose own files name another database, or the same one otherwise
    :ivar shipped: the groups whose database the distribution names, and nobody has chosen
    :ivar found: all databases (databases.Database), once a command has looked for them
    :ivar away: of those, the error of each that cannot be reached
    """

    words = ()
    more = ()
    others = ()
    shipped = ()
    found = None
    away = None


def read(files=None, directories=None):
    """nova's configuration, with the options of this package in the group [cascading].

    :param files: configuration files; None: those that nova-manage and nova's services read without arguments
    :param directories: configuration directories; None: as above
    :raises errors.Unreachable: a file cannot be read, or a source does not answer, so nobody knows what it names
    """
    with intime.limit('what config_source of nova.conf names', SOURCES, 'see that it runs, then run this again'):
        with without_home():
            if files or directories:
                return _read(files, directories, files) if files else _read_usual(directories)
            return _read_services()


@contextlib.contextmanager
def without_home():
    """A block in which oslo.config finds nothing in the home directory, where it looks first.

    Root's may be another user's (su, sudo), or hold a copy of nova.conf that no service reads.
    """
    home = os.environ.get('HOME')
    os.environ['HOME'] = '/nonexistent'
    try:
        yield
    finally:
        del os.environ['HOME']
        if home is not None:
            os.environ['HOME'] = home


def _read_services():
    """nova-manage's configuration; with the files that only services find, where those alone name a database."""
    conf = _read_usual()
    files = dict((name, conffiles.own(name)) for name in installed.readers())
    services = [(name, _read_usual(program=name)) for name in installed.READERS if files.get(name)]
    if [group for group in GROUPS for _, one in services if _chosen(one, group) and not _chosen(conf, group)]:
        # nova-conductor's count most
        conf = _read_usual(more=[path for name in reversed(installed.READERS) for path in files.get(name, ())])
    named = [(name, _chosen(one, 'database')) for name, one in services]
    conf.others = [(name, url) for name, url in named if url and url != _chosen(conf, 'database')]
    return conf


def _chosen(conf, group):
    """The connection string that somebody has chosen, or None."""
    return None if group in conf.shipped else connection(conf, group)


def _read_usual(directories=None, program=conffiles.MANAGE, more=()):
    chosen = conffiles.usual(program) + list(more)
    conf = _read(chosen, directories, program=program)
    if os.path.exists(conffiles.SHIPPED):
        unchosen = [group for group in GROUPS if connection(conf, group) is None]
        conf = _read([conffiles.SHIPPED] + chosen, directories, program=program)
        conf.shipped = [group for group in unchosen if connection(conf, group)]
    conf.more = more
    return conf


def _read(files, directories, given=(), program=conffiles.MANAGE):
    conf = Configuration()
    conf.words, conf.away = arguments(given, directories), {}
    conf.register_opts(OPTIONS, group='cascading')
    for group in GROUPS:
        conf.register_opts([_CONNECTION if group == 'database' else cfg.StrOpt('connection', secret=True),
                            _PARAMETERS], group=group)
    conf.register_opts([cfg.StrOpt(name, default=value) for name, value in _REFERENCES])
    conf.register_opts([cfg.BoolOpt('use_local', default=False)], group='conductor')
    conffiles.refuse_unreadable(files, directories or conffiles.directories(program))
    try:
        conf(conf.words, project='nova', prog=program, default_config_files=files)
    except (cfg.Error, EnvironmentError, ValueError) as error:
        raise errors.Unreachable('cannot read {0}: {1}'.format(', '.join(files) or 'nova.conf', told(error)), _AGAIN)
    within_limits(conf.cascading)
    return conf


def arguments(files, directories):
    """What is named by hand, as nova takes it: such files count for more than the directories that are read unasked."""
    return ['--config-file={0}'.format(path) for path in files or []] + [
        '--config-dir={0}'.format(path) for path in directories or []]


def told(error):
    """What oslo.config complains of, without the line or the value that it quotes: a password may stand there."""
    words = redact.hide(error)
    if not isinstance(error, (cfg.ConfigFileParseError, cfg.ConfigFileValueError)):
        return words
    place = re.search(r': at (.+?):(\d+), ', words)
    if place:
        return '{0}, line {1} is neither [SECTION] nor NAME = VALUE'.format(*place.groups())
    option = re.search(r'option (\S+)', words)
    return 'the value of {0} is not valid'.format(option.group(1) if option else 'an option')


def within_limits(options):
    """The options of this package.

    :raises errors.Unreachable: one has a value that is none, or with which the migration would wait for ever, or try
        nothing
    """
    for option in OPTIONS:
        try:
            getattr(options, option.dest)
        except (cfg.Error, ValueError):  # the value may be a secret on the wrong line
            raise errors.Unreachable('[cascading] {0} of nova.conf is not {1}'.format(
                option.dest, _KINDS[type(option)]), _AGAIN)
    for name, low, high in _LIMITS:
        if not low <= getattr(options, name) <= high:
            raise errors.Unreachable('[cascading] {0} of nova.conf is {1}, and must be from {2} to {3}'.format(
                name, getattr(options, name), low, high), _AGAIN)
    return options


def is_compute_host(conf):
    """Whether no service here reads databases, for sure; up to Mitaka, nova-compute does where it is told to."""
    try:
        return installed.only_compute() and not conf.conductor.use_local
    except (cfg.Error, ValueError):  # neither true nor false
        return False


def inside_nova():
    """The options of this package in a process of nova, which has read its configuration already."""
    cfg.CONF.register_opts(OPTIONS, group='cascading')
    return within_limits(cfg.CONF.cascading)


def used(conf, group='database'):
    """The connection string of a group, or None; None too on a compute host, for what only the distribution names."""
    return connection(conf, group) if group not in conf.shipped or installed.readers() else None


def connection(conf, group='database'):
    """The connection string of a group ([database] or [api_database]), or None."""
    url = written(conf, group)
    return extended(conf, url, group) if url else None


def written(conf, group='database'):
    """The same as nova.conf has it, without connection_parameters: cells take the values of their fields from it."""
    return _substituted(conf, lambda: conf[group].connection, group)


def extended(conf, url, group='database'):
    """A connection string with [database] connection_parameters, as oslo.db adds them; cells take those too."""
    more = _substituted(conf, lambda: conf[group].connection_parameters, group)
    url = '{0}{1}{2}'.format(url, '&' if '?' in url else '?', more) if more else url
    redact.know(url)
    return url


def _substituted(conf, value, group):
    """A value with $references to options that only nova registers; those are looked up in its files."""
    for _ in range(20):
        try:
            return value()
        except cfg.NoSuchOptError as error:
            problem = error
            place, _, name = error.opt_name.rpartition('.')
            conf.register_opt(cfg.StrOpt(name, default=_computed(name)),
                              group=place or getattr(error.group, 'name', error.group))
        except cfg.NoSuchGroupError as error:
            problem = error
            conf.register_group(cfg.OptGroup(error.group_name))
        except Exception as error:  # each oslo.config has errors of its own for values that it cannot fill in
            problem = error
            break
    raise errors.Unreachable('cannot read [{0}] connection of nova.conf: {1}'.format(group, told(problem)), _AGAIN)


def _computed(name):
    """The default of an option that nova computes."""
    if name != 'my_ip':
        return None
    try:  # the address that this host would use towards the world, as oslo.utils finds it; nothing is sent
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe.connect(('8.8.8.8', 80))
        return probe.getsockname()[0]
    except EnvironmentError:
        return '127.0.0.1'


def source(conf, group='database'):
    """The file that names the database, or None (the environment does, say)."""
    for path in reversed(_files(conf)):
        alone = cfg.ConfigOpts()
        alone.register_opt(_CONNECTION if group == 'database' else cfg.StrOpt('connection'), group=group)
        alone.register_opts([cfg.StrOpt(name) for name, _ in _REFERENCES])
        try:
            alone([], project='nova', prog='nova-manage', default_config_files=[path])
            if _substituted(alone, lambda alone=alone: alone[group].connection, group):
                return path
        except (cfg.Error, EnvironmentError, errors.Unreachable):
            continue
    return None


def _files(conf):
    """All files of a configuration, in the order in which they are read."""
    directories = conf.config_dir or []
    directories = list(directories) if isinstance(directories, (list, tuple)) else [directories]
    directories += [path for path in getattr(conf, 'config_dirs', None) or [] if path not in directories]
    named = list(conf.config_file or [])
    if conf.words and not [word for word in conf.words if word.startswith('--config-dir=')]:
        return conffiles.inside(directories) + named  # those that are read unasked
    return named + conffiles.inside(directories)
