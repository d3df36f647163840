"""Keep the schema right behind nova's own back: what `nova-manage db sync` and sqlalchemy-migrate call."""

import functools
import logging

import sqlalchemy

from nova.cascading import config, errors, redact
from nova.cascading.database import connection
from nova.cascading.migration import adopt, worker

LOG = logging.getLogger(__name__)


def follow_db_sync(function):
    """Decorate nova's db_sync: after nova's own migrations of a main database, add what the fork needs.

    Takes and returns what nova's function does, in each release: db_sync(version), db_sync(version, database) or
    db_sync(version, database, context).

    :raises errors.CascadingError: the database was migrated by the 2014 original, or cannot be changed
    """
    @functools.wraps(function)
    def db_sync(*args, **kwargs):
        values = dict(zip(_parameters(function), args), **kwargs)
        try:
            engine = _engine(function, values) if values.get('database', 'main') == 'main' else None
        except Exception:
            function(*args, **kwargs)  # nova says itself what is wrong: this, or what it was asked for
            raise
        # nova's unit tests give none, or something else.
        if not isinstance(engine, sqlalchemy.engine.Engine):
            return function(*args, **kwargs)
        _with(engine, lambda work: adopt.refuse_original(work.connection))
        result = function(*args, **kwargs)
        _with(engine, lambda work: work.run())
        return result
    return db_sync


def ensure(engine):
    """Bring the database of an engine into the desired state, without recording it."""
    _with(engine, lambda work: work.change_schema())


def _with(engine, action):
    redact.know(_text(engine.url))
    try:
        opened = connection.Connection(engine, 'database {0}'.format(engine.url.database))
        try:
            action(worker.Worker(opened, config.inside_nova(), LOG.warning))
        finally:
            opened.close()
    except errors.Uninitialised as error:
        LOG.info('%s', error)


def _text(url):
    return url.render_as_string(hide_password=False) if hasattr(url, 'render_as_string') else str(url)


def _parameters(function):
    code = getattr(function, '__code__', None)
    return code.co_varnames[:code.co_argcount] if code else ()


def _engine(function, values):
    """What nova's function itself uses; looked up now, as it depends on the release and on the cell in the context."""
    names = function.__globals__
    get_engine = names.get('get_engine') or names['_get_engine']
    if hasattr(get_engine, 'mock_calls'):  # nova's unit tests count them
        return None
    context = values.get('context')
    if context is not None and 'context' in _parameters(get_engine):
        return get_engine(context=context)
    return get_engine()
