"""nova-cascading db: the databases."""

from nova.cascading import backup, cli, connection, databases, errors, plan, rollback, terminal, worker

_action = cli.add_action

NOT_CONFIGURED = 'nothing to migrate here: nova.conf names no database'


def configure(parser):
    actions = parser.add_subparsers(metavar='ACTION', dest='action')
    actions.required = True
    sync = _action(actions, sync_all, 'sync', 'add what is missing; does nothing when all is in place')
    sync.add_argument('--auto', action='store_true',
                      help='for package scripts: do nothing when nova.conf says [cascading] auto_migrate = false')
    sync.add_argument('--allow-table-copy', action='store_true', help='as [cascading] allow_table_copy = true')
    check = _action(actions, check_all, 'check', 'exit 0 when all is in place, 1 when a sync is needed, 2 when '
                                                 'nobody can tell')
    check.add_argument('--gate', action='store_true',
                       help='before a service starts: exit 1 only when it would fail on this database')


    back = _action(actions, roll_back, 'rollback', 'export all mappings, then take back what sync has done')
    back.add_argument('--drop-column', action='store_true',
                      help='drop index and columns; without this, they stay and only the record of them goes')
    back.add_argument('--export-dir', metavar='DIR', default=backup.DIRECTORY, help='(default: %(default)s)')
    back.add_argument('--import', metavar='FILE', dest='file', help='bring the mappings in an export back, instead')
    back.add_argument('--allow-table-copy', action='store_true', help='as [cascading] allow_table_copy = true')
    _action(actions, adopt_all, 'adopt', 'take over databases of the 2014 original of this fork')


def run(args, conf):
    return args.function(args, conf)


def for_each(conf, action, question=lambda opened: None, is_automatic=False):
    """Do something with every database of this nova.

    :param action: function of a Connection; its result is an exit status
    :param question: what is asked of all of them before that, as databases.ask() does
    :param is_automatic: whether a database that nova has not set up yet is no failure
    :returns: the worst exit status; a database that cannot be reached does not keep the others from being done
    """
    answers, problems = databases.ask(conf, question)
    if not answers and not problems:
        terminal.say(NOT_CONFIGURED)
    statuses = [0] + [complain(problem) for problem in problems]
    for database, answer in answers:
        try:
            if answer.error:
                raise answer.error
            with connection.opened(database) as opened:
                statuses.append(action(opened) or 0)
        except errors.Uninitialised as error:
            if is_automatic:
                terminal.say('{0}\n  which adds what the fork needs, too'.format(error))
            else:
                statuses.append(complain(error))
        except errors.CascadingError as error:
            statuses.append(complain(error))
    return worst(statuses)


def worst(statuses):
    """What is known to be wrong counts for more than what nobody can tell."""
    return 1 if 1 in statuses else max(statuses)


def complain(error):
    terminal.complain('nova-cascading: {0}'.format(error))
    return error.status


def sync_all(args, conf):
    if args.auto and not conf.cascading.auto_migrate:
        terminal.say('nova.conf says [cascading] auto_migrate = false: run "nova-cascading db sync" yourself')
        return 0
    options = _options(args, conf)
    return for_each(conf, lambda opened: _sync(opened, options), _lack, args.auto)


def _options(args, conf):
    if args.allow_table_copy:
        conf.set_override('allow_table_copy', True, group='cascading')
    return conf.cascading


def _sync(opened, options):
    done = worker.Worker(opened, options, terminal.say).run()
    terminal.say('{0}: {1}'.format(opened.title, 'done' if done else 'nothing to do'))
    return 0


def check_all(args, conf):
    """With --gate: what nobody can tell keeps no service from starting, as nova itself copes with such a database."""
    answers, problems = databases.ask(conf, _lack)
    if not answers and not problems and not args.gate:
        terminal.say(NOT_CONFIGURED)
    told = [complain(problem) for problem in problems + [answer.error for _, answer in answers if answer.error]]
    found = [_told(args.gate, *answer.value) for _, answer in answers if answer.value]
    return max([0] + found) if args.gate else worst([0] + told + found)


def _lack(opened):
    """(title, what is missing in words, whether services fail without it)"""
    missing = plan.Plan(opened.server)
    return opened.title, str(missing), missing.endangers_services


def _told(is_gate, title, missing, endangers):
    if not is_gate or endangers:
        terminal.say('{0}: {1}'.format(title, 'lacks {0}; run: nova-cascading db sync'.format(missing) if missing
                                       else 'in place'))
    return int(endangers if is_gate else bool(missing))


def roll_back(args, conf):
    options = _options(args, conf)
    if args.file:
        return for_each(conf, lambda opened: _restore(opened, args.file))
    return for_each(conf, lambda opened: rollback.run(worker.Worker(opened, options, terminal.say), args.export_dir,
                                                      args.drop_column))


def _restore(opened, path):
    if plan.Plan(opened.server).endangers_services:
        raise errors.CascadingError('{0}: has no column for mappings'.format(opened.title),
                                    'run first: nova-cascading db sync')
    restored, same, other, unknown = backup.restore(opened, path)
    terminal.say('{0}: {1} mappings restored, {2} were there, {3} instances keep another one, {4} are not in this '
        'database'.format(opened.title, restored, same, other, unknown))
    return 1 if other else 0


def adopt_all(args, conf):
    return for_each(conf, lambda opened: _adopt(opened, conf.cascading))


def _adopt(opened, options):
    terminal.say('{0}: {1}'.format(opened.title, 'taken over' if worker.Worker(opened, options, terminal.say).adopt()
                          else 'nothing to adopt'))
    return 0
