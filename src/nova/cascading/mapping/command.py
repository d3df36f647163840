"""nova-cascading mapping: which lower-level server is this instance, and which instance is that server?"""

import itertools

from nova.cascading import arguments, errors, output, terminal
from nova.cascading.mapping import audit, csvfile, instances, write

add = arguments.add_action

COLUMNS = ('instance_uuid', 'mapping_uuid', 'host', 'state', 'database')


def configure(parser):
    actions = parser.add_subparsers(metavar='ACTION', dest='action')
    actions.required = True
    show = add(actions, show_one, 'show', 'the lower-level server that an instance stands for')
    show.add_argument('instance', metavar='INSTANCE', help='UUID of the instance')
    output.add_options(show)
    find = add(actions, find_one, 'find', 'the instance that stands for a lower-level server; exit 1: there is none')
    find.add_argument('server', metavar='CASCADED_UUID', help='UUID of the server in the lower-level cloud')
    output.add_options(find)
    change = add(actions, set_one, 'set', 'say which lower-level server an instance stands for')
    change.add_argument('instance', metavar='INSTANCE', help='UUID of the instance')
    change.add_argument('server', metavar='CASCADED_UUID', help='UUID of the server in the lower-level cloud')
    change.add_argument('--force', action='store_true', help=write.FORCE)
    unset = add(actions, unset_one, 'unset', 'forget which lower-level server an instance stands for')
    unset.add_argument('instance', metavar='INSTANCE', help='UUID of the instance')
    listing = add(actions, list_all, 'list', 'all instances with their mappings')
    listing.add_argument('--unmapped', action='store_true', help='only those without one')
    listing.add_argument('--host', metavar='H', help='only those on this compute host (nova proxy)')
    output.add_options(listing)
    audit.configure(add(actions, audit.run, 'audit', 'mappings that are missing, shared or malformed, '
                                'as a Nagios-style check: exit 0, 1, 2 or 3'))
    csvfile.configure_export(add(actions, csvfile.export, 'export', 'write all mappings as CSV'))
    csvfile.configure_import(add(actions, csvfile.load, 'import', 'set the mappings that a CSV file names'))


def run(args, conf):
    return args.function(args, conf)


def show_one(args, conf):
    database, row = instances.get(conf, instances.canonical(args.instance, 'INSTANCE'))
    name = instances.name(database, row.instance_uuid)
    output.one(args.format, list(zip(COLUMNS, row + (database.name,))) + [('name', name)])


def find_one(args, conf):
    wanted = instances.canonical(args.server, 'CASCADED_UUID')
    found = instances.everywhere(conf, 'mapping_uuid = :wanted', wanted=wanted)
    first = next(found, None)
    if not first:
        raise errors.CascadingError('no instance stands for the server {0}'.format(wanted))
    print_pages(args.format, itertools.chain([first], found))


def list_all(args, conf):
    conditions = (['mapping_uuid IS NULL'] if args.unmapped else []) + (['host = :host'] if args.host else [])
    values = {'host': args.host} if args.host else {}
    print_pages(args.format, instances.everywhere(conf, ' AND '.join(conditions), **values))


def print_pages(name, found):
    """Print what is found; a database that cannot be read is an error, but after the rows of the others."""
    rows = output.printer(name, COLUMNS)
    try:
        for database, page in found:
            rows.add_page(page, (database.name,))
    finally:
        rows.close()


def set_one(args, conf):
    uuid = instances.canonical(args.instance, 'INSTANCE')
    server = instances.canonical(args.server, 'CASCADED_UUID')
    database, row = instances.get(conf, uuid)
    if not args.force:
        write.refuse_taken(conf, uuid, server)
    change(conf, database, row, server)


def unset_one(args, conf):
    database, row = instances.get(conf, instances.canonical(args.instance, 'INSTANCE'))
    change(conf, database, row, None)


def change(conf, database, row, server):
    if row.mapping_uuid != server:
        write.Writer(conf).set(database, row.instance_uuid, server)
    terminal.say('instance {0}: mapping {1} -> {2}'.format(row.instance_uuid, row.mapping_uuid, server))
