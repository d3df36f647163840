"""Connect as nova where a server asks the operating system who connects (unix_socket, auth_socket, peer)."""

import grp
import os
import pwd

USER = 'nova'


def is_needed(url):
    """Whether root is about to use a local socket, with which a server may let in the user nova alone.

    Who names root as the user of the database wants to be known as root.

    :param url: an SQLAlchemy URL
    """
    if os.geteuid() != 0 or url.username == 'root' or url.drivername.startswith('sqlite') or not _is_local(url):
        return False
    try:
        return bool(pwd.getpwnam(USER).pw_uid)
    except KeyError:
        return False


def _is_local(url):
    """libpq takes the directory of the socket as a host, MySQL's drivers its file as an option."""
    host = dict(url.query).get('host') or url.host or ''
    host = host if isinstance(host, str) else str(host[0])
    options = ('unix_socket', 'read_default_file', 'read_default_group', 'service')
    return host in ('', 'localhost') or host.startswith(('/', '@')) or any(name in url.query for name in options)


def as_nova(connect):
    """Call a function with the rights of the user nova: the kernel tells the server who has connected.

    :returns: what the function returns; this process has its own rights again
    """
    account = pwd.getpwnam(USER)
    groups = os.getgroups()
    os.setgroups([account.pw_gid] + [group.gr_gid for group in grp.getgrall() if USER in group.gr_mem])
    os.setegid(account.pw_gid)
    os.seteuid(account.pw_uid)
    try:
        return connect()
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
