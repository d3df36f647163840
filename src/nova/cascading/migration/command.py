"""nova-cascading db: the databases."""

from nova.cascading import arguments, errors, terminal
from nova.cascading.database import connection, databases
from nova.cascading.migration import backup, desired, gate, rollback, worker
from nova.cascading.migration.report import NOT_CONFIGURED, Report

_action = arguments.add_action


def configure(parser):
    actions = parser.add_subparsers(metavar='ACTION', dest='action')
    actions.required = True
    sync = _action(actions, sync_all, 'sync', 'add what is missing; does nothing when all is in place')
    sync.add_argument('--auto', action='store_true',
                      help='for package scripts: do nothing when nova.conf says [cascading] auto_migrate = false')
    sync.add_argument('--dry-run', action='store_true', help='print the statements that it would begin with, only')
    sync.add_argument('--once', action='store_true',
                      help='try a table that others use once, for whoever runs this again and again: lock_retries = 0')
    sync.add_argument('--allow-table-copy', action='store_true', help='as [cascading] allow_table_copy = true')
    check = _action(actions, check_all, 'check', 'exit 0 when all is in place, 1 when a sync is needed, 2 when '
                                                 'nobody can tell')
    check.add_argument('--gate', action='store_true',
                       help='before a service starts: exit 1 only when it would fail on this database')
    check.add_argument('--mend', action='store_true',
                       help='with --gate: add what is missing first, unless nova.conf says auto_migrate = false')
    check.set_defaults(ends_with_reader=True)  # but for the gate: see cli
    for one in (sync, check):
        one.add_argument('-f', '--format', choices=('csv', 'json', 'table', 'value'), default='table',
                         help='csv, json or value for programs; what is being done then goes to standard error')

    back = _action(actions, roll_back, 'rollback',
                   'export all mappings; with --drop-column, drop index and columns then')
    one_of = back.add_mutually_exclusive_group()
    one_of.add_argument('--drop-column', action='store_true',
                        help='drop index and columns, once all nova services are stopped; without this, they stay and '
                             'only the record of them goes')
    one_of.add_argument('--import', metavar='FILE', dest='file', help='bring the mappings in an export back, instead')
    back.add_argument('--export-dir', metavar='DIR', default=backup.DIRECTORY, help='(default: %(default)s)')
    back.add_argument('--force', action='store_true',
                      help='drop them even while services are at work, which fail unless they are stock nova\'s')
    back.add_argument('--allow-table-copy', action='store_true', help='as [cascading] allow_table_copy = true')
    _action(actions, adopt_all, 'adopt', 'take over databases of the 2014 original of this fork')


def run(args, conf):
    return args.function(args, conf)


def for_each(conf, action, report=None, question=lambda opened: False, is_automatic=False):
    """Do something with every database of this nova; one that cannot be reached does not keep the others from it.

    :param action: function of databases.Database and a Connection
    :param report: Report
    :param question: asked of all of them before that, as databases.ask() does: whether a database is right as it is
    :param is_automatic: whether a database that nova has not set up yet is no failure
    :returns: exit status
    """
    report = report or Report()
    answers, problems = databases.ask(conf, question)
    if not answers and not problems:
        report.say(NOT_CONFIGURED)
    with report:
        for problem in problems:
            report.fail('api', problem)
        for database, answer in answers:
            try:
                if answer.error:
                    raise answer.error
                if answer.value:
                    report.add(database.name, database, 'nothing to do')
                    continue
                with connection.opened(database, is_patient=True) as opened:
                    action(database, opened)
            except errors.Uninitialised as error:
                if is_automatic:
                    report.say('{0}\n  which adds what the fork needs, too'.format(error))
                else:
                    report.fail(database.name, error)
            except errors.CascadingError as error:
                report.fail(database.name, error)
    return report.status


def sync_all(args, conf):
    if args.auto and not conf.cascading.auto_migrate:
        terminal.say('nova.conf says [cascading] auto_migrate = false: run "nova-cascading db sync" yourself')
        return 0
    if args.once:
        conf.set_override('lock_retries', 0, group='cascading')
    options, report = _options(args, conf), Report(args.format)
    make = worker.Rehearsal if args.dry_run else worker.Worker

    def sync(database, opened):
        done = make(opened, options, report.say).run()
        report.add(database.name, database, 'nothing to do' if not done else 'to be done' if args.dry_run else 'done')
    return for_each(conf, sync, report, worker.is_idle, args.auto)


def _options(args, conf):
    if args.allow_table_copy:
        conf.set_override('allow_table_copy', True, group='cascading')
    return conf.cascading


def check_all(args, conf):
    """With --gate: what nobody can tell keeps no service from starting, as nova itself copes with such a database."""
    report = Report(args.format)
    if args.gate:
        with report:
            is_open, _ = gate.look(conf, report, args.mend)
        return int(not is_open)
    answers, problems = databases.ask(conf, desired.lack)
    if not answers and not problems:
        report.say(NOT_CONFIGURED)
    with report:
        for problem in problems:
            report.fail('api', problem)
        for database, answer in answers:
            if answer.error:
                report.fail(database.name, answer.error)
            elif answer.value[0]:
                report.lacks(database, answer.value[0])
            else:
                report.add(database.name, database, 'in place')
    return report.status


def roll_back(args, conf):
    options, report = _options(args, conf), Report()

    def take_back(database, opened):
        rollback.run(worker.Worker(opened, options, report.say), args.export_dir, args.drop_column,
                     args.force)

    def restore(database, opened):
        _restore(database, worker.Worker(opened, options, report.say), args.file, report)
    return for_each(conf, restore if args.file else take_back, report)


def _restore(database, work, path, report):
    if desired.Missing(work.server).endangers_services:
        raise errors.CascadingError('{0}: has no column for mappings'.format(work.connection.title),
                                    'run first: nova-cascading db sync')
    work.server.prepare(work.options)
    restored, same, other, unknown = backup.restore(work, path)
    report.add(database.name, database, 'restored', '{0} mappings restored, {1} were there, {2} instances keep another '
               'one, {3} are not in this database'.format(restored, same, other, unknown), status=1 if other else 0)


def adopt_all(args, conf):
    report = Report()

    def adopt(database, opened):
        done = worker.Worker(opened, conf.cascading, report.say).adopt()
        report.add(database.name, database, 'taken over' if done else 'nothing to adopt')
    return for_each(conf, adopt, report)
