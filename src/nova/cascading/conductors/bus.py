"""nova's message bus, as its own services reach it: one client of the conductors for each database."""

import contextlib
import logging

try:
    from oslo_config import cfg
except ImportError:
    from oslo.config import cfg

from nova.cascading import config, errors, intime, redact
from nova.cascading.database import celltemplate

TIMEOUT = 5  # seconds for an answer
CORRECT = 'correct its transport_url: nova-manage cell_v2 update_cell'


class Bus(object):
    """nova's message bus, with nova's own configuration in `options`.

    :param conf: what config.read returned
    """

    def __init__(self, conf):
        import nova.config

        from nova import rpc
        logging.getLogger('oslo_messaging.rpc.client').setLevel(logging.ERROR)  # it scolds nova's code for its style
        with usable('the message bus', 'correct transport_url in nova.conf'):
            with in_time('the message bus'):
                with config.without_home():
                    # What nova's services read: with nova-dist.conf, which names RDO's message bus.
                    usual = cfg.find_config_files(project='nova', prog='nova-manage') + list(conf.more)
                    nova.config.parse_args(['nova-manage'] + conf.words, default_config_files=usual)
            self.options = options()
        self._usual = rpc.TRANSPORT
        self._clients = {}
        end_at_once()

    def of(self, database):
        """nova's client of the conductors that write to a database (databases.Database)."""
        if database.identity not in self._clients:
            with usable('the message bus of database {0}'.format(database.name), CORRECT):
                self._clients[database.identity] = self._connect(database.transport)
        return self._clients[database.identity]

    def _connect(self, template):
        from nova.conductor import rpcapi

        from nova import rpc
        rpc.TRANSPORT = self._usual
        if template:
            rpc.TRANSPORT = rpc.create_transport(rpc.get_transport_url(
                celltemplate.fill_in(template, cfg.CONF.transport_url)))
        client = rpcapi.ConductorAPI()
        cfg.CONF.set_override('rpc_response_timeout', TIMEOUT * 2)  # known from here on
        return client


def _know_password():
    try:
        redact.know(cfg.CONF.transport_url or '')
    except Exception:  # it cannot even be read
        pass


def options():
    """nova's options, with those about services, which old novas register where the services are."""
    if not hasattr(cfg.CONF, 'service_down_time'):
        cfg.CONF.import_opt('service_down_time', 'nova.service')
    return cfg.CONF


def end_at_once():
    """Later oslo.messaging (12.8, 2021) keeps a process ten seconds longer, in case figures are to be sent."""
    try:
        cfg.CONF.set_override('metrics_thread_stop_timeout', 0, group='oslo_messaging_metrics')
    except cfg.Error:
        pass  # no figures


@contextlib.contextmanager
def usable(what, hint):
    """A block that takes what an administrator has written about the bus: each library has errors of its own for that.

    :raises errors.Unreachable: it cannot be used
    """
    try:
        yield
    except (errors.CascadingError, ImportError):  # nova itself does not work
        raise
    except Exception as error:
        _know_password()
        raise errors.Unreachable('{0} cannot be used: {1}'.format(what, config.told(error)), hint)


def in_time(what, seconds=TIMEOUT * 4):
    """A block in which somebody on the bus has to answer.

    :raises errors.Unreachable: `what` did not, within so many seconds
    """
    return intime.limit(what, seconds, 'see that RabbitMQ and nova-conductor run, and that nova.conf leads to them')
