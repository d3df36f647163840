"""Which files nova's programs read without being told, and whether this user may read them."""

import glob
import os
import stat

try:
    from oslo_config import cfg
except ImportError:
    from oslo.config import cfg

from nova.cascading import errors

MANAGE = 'nova-manage'
DIRECTORY = '/etc/nova'
# RDO's services read it before nova.conf. It names a database on localhost, on compute nodes too.
SHIPPED = '/usr/share/nova/nova-dist.conf'
_GIVEN = ('/dev/fd/', '/dev/stdin', '/proc/self/fd/')  # what whoever runs this has opened


def usual(program=MANAGE):
    """The files that a program reads, but for what the distribution ships."""
    found = [path for path in cfg.find_config_files(project='nova', prog=program) if not path.endswith('-dist.conf')]
    if program == MANAGE or os.path.exists(SHIPPED):
        return found
    # Debian's scripts start services with --config-file; RDO's units leave them to find files of their own.
    return [path for path in found if os.path.basename(path) != program + '.conf']


def directories(program=MANAGE):
    """The directories that a program reads; with --config-file, too."""
    return cfg.find_config_dirs(project='nova', prog=program) if hasattr(cfg, 'find_config_dirs') else []


def own(program):
    """The files that a service reads and nova-manage does not."""
    shared = usual() + inside(directories())
    return [path for path in usual(program) + inside(directories(program)) if path not in shared]


def inside(folders):
    return [path for folder in folders for path in sorted(glob.glob(os.path.join(folder, '*.conf')))]


def _mode(path):
    try:
        return os.stat(path).st_mode
    except EnvironmentError:
        return 0


def refuse_unreadable(files, folders):
    """:raises errors.Unreachable: one of them cannot be read by this user, or is no file"""
    named = list(files) + inside(folders)
    pipes = [path for path in named if not path.startswith(_GIVEN) and stat.S_ISFIFO(_mode(path))]
    if pipes:  # the user nova may write there; nobody waits for what may never come
        raise errors.Unreachable('{0}: is a pipe, and no file'.format(pipes[0]), 'put nova.conf there as a file')
    hidden = [path for path in named if not os.access(path, os.R_OK)]
    # oslo.config finds nothing in a directory that it may not list, and says nothing.
    hidden += [path for path in folders if not os.access(path, os.R_OK | os.X_OK)]
    if not files and os.path.isdir(DIRECTORY) and not os.access(DIRECTORY, os.R_OK | os.X_OK):
        hidden = [DIRECTORY]
    if hidden:
        missing = not os.path.exists(hidden[0]) and os.access(os.path.dirname(hidden[0]) or '.', os.X_OK)
        what = 'directory' if hidden[0] in folders else 'file'
        raise errors.Unreachable('{0}: {1}'.format(hidden[0], 'there is no such ' + what if missing else
                                                   'you may not read it'),
                                 None if missing else 'run this as root or as the user nova')
