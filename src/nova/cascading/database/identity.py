"""Tell which connection strings lead to one and the same database, whatever they call it."""

from nova.cascading.database import asking, connection


def each_once(found, deadline):
    """The first of those that are one, with a name to know it by.

    What only a later one tells, the message bus, is taken from that. The servers are asked who they are, as one has
    many names (localhost, 127.0.0.1, each node of a cluster), and so has its database (in capitals, as a link to a
    file, in a pooler's list). What keeps silent is known by its connection string.

    :param found: list of databases.Database
    :param deadline: asking.Deadline
    """
    found = _merged(found, lambda database: database.identity)
    asked = [database for group in _groups(found, lambda database: database.identity[0]) for database in group]
    if not asked:
        return found
    answers = asking.all_of([asking.Question(str(one), lambda one=one: _who(one)) for one in asked], deadline, 0.5)
    who = dict((database, tuple(answer.value)) for database, answer in zip(asked, answers) if answer.value)
    same = {}
    for group in _groups([one for one in asked if one in who], who.get):
        same.update(_told_apart(group, deadline))
    return _merged(found, lambda database: same.get(database, database))


def _merged(found, name_of):
    known, result = {}, []
    for database in found:
        first = known.setdefault(name_of(database), database)
        if first is database:
            result.append(database)
        first.transport = first.transport or database.transport
    return result


def _groups(found, key):
    """Those that have company under a key, by key."""
    by_key = {}
    for one in found:
        by_key.setdefault(key(one), []).append(one)
    return [group for group in by_key.values() if len(group) > 1]


def _who(database):
    with connection.opened(database) as opened:
        return opened.server.identity()


def _told_apart(group, deadline):
    """Database -> the first of the group that it is one with: two servers may give the same answers, as clones do.

    Each takes a lock of its own; who sees the lock of another one is in the same server.
    """
    question = asking.Question('databases of the same name', lambda: _seen(group))
    first = asking.all_of([question], deadline, 0.5)[0].value or list(range(len(group)))
    return dict((database, group[number]) for database, number in zip(group, first))


def _seen(group):
    """For each of the group, the number of the first whose lock it sees: its own, when it is another database."""
    opened = [connection.Connection(database.engine(), str(database)) for database in group]
    for number, one in enumerate(opened):
        one.server.mark(number)
    return [min([number] + [other for other in range(number) if one.server.sees(other)])
            for number, one in enumerate(opened)]
