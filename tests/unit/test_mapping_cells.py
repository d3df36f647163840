"""What the mapping tool does where cells differ: one is away, slower, sorted otherwise, or has another one's name."""

import json

import pytest

from tests.unit.mappings import uuid_of

def test_a_cell_called_main_is_another_than_the_main_database(cloud):
    cloud.execute('api', "UPDATE cell_mappings SET name = 'main'")
    for number, (database, deleted) in enumerate((('main', 0), ('main', 0), ('west', 0), ('west', 2))):
        cloud.add(uuid_of(50 + number % 3), database, deleted=deleted)
    assert cloud('audit')[0] == 0
    one = cloud.add(uuid_of(50), 'west')
    assert sorted((row['instance_uuid'], row['database']) for row in cloud.rows('audit')) == [
        (uuid_of(1), 'main'), (one, uuid_of(1))]


@pytest.mark.parametrize('error', [ZeroDivisionError('x'), KeyboardInterrupt()])
def test_an_audit_that_ends_in_the_middle_is_a_whole_answer_to_a_program(cloud, load, monkeypatch, error):
    def fail(opened):
        raise error
    cloud.add()
    monkeypatch.setattr(load('mapping.instances'), 'count_mapped', fail)
    status, out, err = cloud('audit', '--format', 'json')
    assert (status, len(json.loads(out))) == (3, 1) and err.startswith('MAPPING UNKNOWN - ')
