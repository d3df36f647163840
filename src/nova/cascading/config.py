"""Read nova.conf the way nova-manage of the same host reads it."""

import os

try:
    from oslo_config import cfg
except ImportError:
    from oslo.config import cfg

from nova.cascading import errors, redact

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
]
# What connection strings refer to in nova.conf, with the default that nova has.
_REFERENCES = [cfg.StrOpt('state_path', default='/var/lib/nova'), cfg.StrOpt('my_ip'), cfg.StrOpt('host'),
               cfg.StrOpt('pybasedir')]
_CONNECTION = cfg.StrOpt('connection', secret=True, deprecated_opts=[
    cfg.DeprecatedOpt('sql_connection', group='DEFAULT'),
    cfg.DeprecatedOpt('sql_connection', group='DATABASE'),
    cfg.DeprecatedOpt('connection', group='sql')])
DIRECTORY = '/etc/nova'


def read(files=None, directories=None):
    """nova's configuration, with the options of this package in the group [cascading].

    :param files: configuration files; None: those that nova-manage reads without arguments
    :param directories: configuration directories; None: as above
    :raises errors.Unreachable: a file cannot be read, so nobody knows what it names
    """
    conf = cfg.ConfigOpts()
    conf.register_opts(_REFERENCES)
    conf.register_opts(OPTIONS, group='cascading')
    conf.register_opt(_CONNECTION, group='database')
    conf.register_opt(cfg.StrOpt('connection', secret=True), group='api_database')
    arguments = ['--config-dir={0}'.format(path) for path in directories or []]
    files = files or _default_files()
    _readable(files)
    try:
        conf(arguments, project='nova', prog='nova-manage', default_config_files=files)
    except (cfg.Error, EnvironmentError) as error:
        raise errors.Unreachable('cannot read {0}: {1}'.format(', '.join(files) or 'nova.conf', redact.hide(error)))
    return conf


def inside_nova():
    """The options of this package in a process of nova, which has read its configuration already."""
    cfg.CONF.register_opts(OPTIONS, group='cascading')
    return cfg.CONF.cascading


def connection(conf, group='database'):
    """The connection string of a group ([database] or [api_database]), or None."""
    try:
        url = conf[group].connection
    except (cfg.Error, ValueError) as error:
        raise errors.Unreachable('cannot read [{0}] connection of nova.conf: {1}'.format(group, redact.hide(error)))
    if url:
        redact.know(url)
    return url or None


def _default_files():
    """Without RDO's nova-dist.conf: it names a database on localhost, on compute nodes too, that nobody has chosen."""
    return [path for path in cfg.find_config_files(project='nova', prog='nova-manage')
            if not path.endswith('-dist.conf')]


def _readable(files):
    hidden = [path for path in files if not os.access(path, os.R_OK)]
    if not files and os.path.isdir(DIRECTORY) and not os.access(DIRECTORY, os.R_OK | os.X_OK):
        hidden = [DIRECTORY]
    if hidden:
        missing = not os.path.exists(hidden[0]) and os.access(os.path.dirname(hidden[0]) or '.', os.X_OK)
        raise errors.Unreachable('{0}: {1}'.format(hidden[0], 'there is no such file' if missing else
                                                   'you may not read it'),
                                 None if missing else 'run this as root or as the user nova')
