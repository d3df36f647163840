"""Tell what a migration of a database would do, and refuse what it could not do.

The preflight, which runs before anything of the fork is installed, and the migration itself both ask here.
"""

from nova.cascading.migration import adopt, desired, record


def foresee(opened, options, adopting=False):
    """What is to be done; changes nothing.

    :param opened: connection.Connection
    :param options: the group [cascading] of nova.conf
    :param adopting: whether a database of the 2014 original will be taken over first
    :returns: desired.Missing
    :raises errors.CascadingError: it cannot be done, and why
    """
    if not adopting:
        adopt.refuse_original(opened)
    missing = desired.Missing(opened.server)
    if missing or record.is_due(opened):
        refuse(opened.server, missing)
        opened.server.refuse_disturbing(missing, options)
    return missing


def refuse(server, missing):
    """What would disturb others for long is not refused here: the migration does first what does not.

    :raises errors.CascadingError: the server, or its user, cannot do what is missing
    """
    server.refuse_unfit()
    server.refuse_unchangeable()
    if missing:
        server.refuse_in_the_way(missing)
        server.refuse_unprivileged()
