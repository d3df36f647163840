"""Whether services may start: with code that reads a column which is not there, they would only fail."""

from nova.cascading import config, errors
from nova.cascading.database import asking, connection, databases
from nova.cascading.migration import desired, worker

BRIEFLY = 3  # seconds for all databases, where no service waits for what they say


def look(conf, report, may_mend=False):
    """Whether services find what they need in all databases that can be asked; tells of what they lack, and of errors.

    :param conf: config.Configuration
    :param report: Report
    :param may_mend: whether to add what is missing when services would fail, unless auto_migrate is false in nova.conf
    :returns: (whether they do, whether it is known that nothing at all is left to be added)
    """
    deadline = asking.Deadline(BRIEFLY) if config.is_compute_host(conf) else None
    answers, problems = databases.ask(conf, desired.lack, deadline)
    if may_mend and conf.cascading.auto_migrate and _endangered(answers):
        answers = [(database, _mended(database, answer, conf, report)) for database, answer in answers]
    for problem in problems:
        report.fail('api', problem)
    for database, answer in answers:
        if answer.error:
            report.fail(database.name, answer.error)
    for database, lacking in _endangered(answers):
        report.lacks(database, lacking)
    is_settled = all(problem.status == 0 for problem in problems) and all(_is_settled(answer) for _, answer in answers)
    return not _endangered(answers), is_settled


def _is_settled(answer):
    """What nova has not set up yet gets all from nova's own sync; what is left alone, from the hosts that read it."""
    if answer.error:
        return isinstance(answer.error, (errors.Uninitialised, databases.LeftAlone))
    return not answer.value[0]


def _endangered(answers):
    """(database, what it lacks) of those on which services would fail."""
    return [(database, answer.value[0]) for database, answer in answers if not answer.error and answer.value[1]]


def _mended(database, answer, conf, report):
    """The answer of a database when what it lacks has been added.

    In this process: a service that is refused starts again at once, and systemd stops that only when it goes fast.
    """
    if answer.error:
        return answer
    try:
        with connection.opened(database, is_patient=True) as opened:
            _add(database, opened, conf, report)
            return asking.Answer(desired.lack(opened), None)
    except errors.CascadingError as error:
        return asking.Answer(None, error)


def _add(database, opened, conf, report):
    """What cannot be done is told; the column, which comes first, may be there all the same."""
    try:
        if worker.Worker(opened, conf.cascading, report.say).run():
            report.add(database.name, database, 'done')
    except errors.CascadingError as error:
        report.fail(database.name, error)
