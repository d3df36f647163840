"""The arguments that several commands share."""


def add_action(actions, function, name, text):
    """An action of a command, carried out by function(args, conf), that takes nova's configuration files.

    :param actions: what add_subparsers() of the command's parser gave
    :returns: the action's parser
    """
    parser = actions.add_parser(name, help=text, description=text)
    add_config_options(parser)
    parser.set_defaults(function=function)
    return parser


def add_config_options(parser):
    """The options that say where nova's configuration is; they mean what they mean to nova-manage."""
    parser.add_argument('--config-file', action='append', metavar='FILE',
                        help='nova\'s configuration; may be given several times (default: as nova-manage finds it)')
    parser.add_argument('--config-dir', action='append', metavar='DIR', help='directory of configuration files')


def count(text):
    """A number of things or seconds, for argparse: from 0 on, and no more than a clock can go back."""
    number = int(text)
    if not 0 <= number <= 10 ** 9:
        raise ValueError(text)
    return number
