"""The hook in nova's db_sync: nova's own checks and tests see what they would see without it."""

from unittest import mock

import pytest


@pytest.fixture
def schema(load):
    return load('schema')


def synchronized(schema, get_engine, work):
    """nova's function as the fork decorates it, in a module with this get_engine."""
    module = {'_get_engine': get_engine, 'work': work, 'schema': schema}
    exec('@schema.follow_db_sync\ndef db_sync(version=None, database="main"):\n    return work(version)', module)
    return module['db_sync']


def refuse(version):
    raise ValueError(f'no version {version}')


def no_database():
    raise LookupError('no connection')


def test_a_version_that_nova_refuses_is_refused_by_nova_where_no_database_can_be_opened(schema):
    with pytest.raises(ValueError, match='no version 402'):
        synchronized(schema, no_database, refuse)('402')


def test_a_database_that_cannot_be_opened_does_not_pass_for_migrated(schema):
    with pytest.raises(LookupError):
        synchronized(schema, no_database, lambda version: 'done')()


def test_a_test_of_nova_s_that_counts_calls_counts_its_own_alone(schema):
    get_engine = mock.Mock()
    assert synchronized(schema, get_engine, lambda version: get_engine() and 'done')() == 'done'
    get_engine.assert_called_once_with()


def test_the_api_database_is_none_of_ours(schema):
    assert synchronized(schema, no_database, lambda version: 'done')(database='api') == 'done'
