"""A page of rows that is read as one text says the same as rows that are read one by one, whatever stands in them."""

import csv

import pytest

from tests.hosts.lib.bed import Bed

TABLES = '''CREATE TABLE instances (id INT AUTO_INCREMENT PRIMARY KEY, uuid VARCHAR(36), mapping_uuid VARCHAR(36),
    host VARCHAR(255), vm_state VARCHAR(255), launched_at DATETIME, deleted INT, KEY (mapping_uuid));
    CREATE TABLE shadow_instances LIKE instances; '''
NAMES = ['plain', '', None, "it's", 'a "b", c', 'back\\slash', 'Gr\u00fc\u00dfe \u65e5\u672c \U0001f40b', 'line\nend',
         '%s :last {0}']
LATE = ['aa000000', 'aa0aa000', 'aa0b0000', 'aaaa0000', 'aab00000', 'aaf00000']
MARKS = ['\x1f', '\x1e', 'a\x1fb\x1ec\x1dd']  # what ends fields and rows in such a text


def values(names) -> str:
    texts = ['NULL' if name is None else f"_utf8mb4 x'{name.encode().hex()}'" for name in names]
    return ', '.join(f"('u{number}', {text}, 'active', 0)" for number, text in enumerate(texts))


@pytest.fixture(scope='module')
def bed(module_host):
    bed = Bed(module_host('bookworm', 'databases'))
    bed.start_mariadb()
    bed.start_postgresql()
    return bed


def cells(bed, *urls):
    """What nova.conf says of an API database that names these cells."""
    api = bed.mariadb('CREATE TABLE cell_mappings (id INT PRIMARY KEY AUTO_INCREMENT, uuid VARCHAR(36), '
                      'name VARCHAR(255), transport_url TEXT, database_connection TEXT)')
    for number, url in enumerate(urls, 1):
        bed.host.sql(f"INSERT INTO cell_mappings (uuid, database_connection) VALUES ('{number}', '{url}')",
                     api.rpartition('/')[2])
    return f'[api_database]\nconnection = {api}\n'


def listed(bed, url):
    out = bed.cascading('mapping list --format csv', url, latest=None).out
    return [row['host'] for row in csv.DictReader(out.splitlines(keepends=True))]


@pytest.mark.parametrize('marks', [[], MARKS], ids=['', 'marks'])
@pytest.mark.parametrize('mode', ['STRICT_TRANS_TABLES', 'ANSI,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'])
@pytest.mark.parametrize('charset', ['utf8mb4', 'utf8mb3', 'latin1'])
def test_every_name_comes_out_as_it_is(bed, mode, charset, marks):
    url = bed.mariadb(f'ALTER DATABASE CHARACTER SET {charset}; {TABLES}')
    database = url.rpartition('/')[2]
    names = [name for name in NAMES + marks if charset == 'utf8mb4' or (name or '').isascii()]
    bed.host.sql(f'INSERT INTO instances (uuid, host, vm_state, deleted) VALUES {values(names)}', database)
    bed.host.sql(f"SET GLOBAL sql_mode = '{mode}'", 'mysql')
    try:
        found = listed(bed, url)
    finally:
        bed.host.sql('SET GLOBAL sql_mode = DEFAULT', 'mysql')
    escaped = ['' if name is None else ''.join(f'\\u{ord(c):04x}' if c < ' ' and c != '\n' else c for c in name)
               for name in names]
    assert found == escaped


def test_a_packet_that_takes_no_page_of_rows_cuts_nothing_off(bed):
    url = bed.mariadb(TABLES)
    database = url.rpartition('/')[2]
    bed.host.sql("INSERT INTO instances (uuid, host, vm_state, deleted) SELECT CONCAT('u', seq), REPEAT('h', 250), "
                 "'active', IF(seq % 3, 0, NULLIF(seq % 2, 0)) FROM seq_1_to_12000", database)
    bed.host.sql('SET GLOBAL max_allowed_packet = 65536', 'mysql')
    try:
        assert listed(bed, url) == ['h' * 250] * 10000
    finally:
        bed.host.sql('SET GLOBAL max_allowed_packet = DEFAULT', 'mysql')


def late(bed, name):
    """Several mappings behind all of "f" in Danish, which has them in another order among themselves, too."""
    bed.host.sql('INSERT INTO instances (uuid, mapping_uuid, vm_state, deleted) VALUES ' + ', '.join(
        f"('{name}-{head}', '{head}-0000-4000-8000-000000000000', 'active', 0)" for head in LATE), name)


def test_cells_that_sort_otherwise_hide_no_duplicate_from_each_other(bed):
    """In Danish, "aa" is a letter behind all others."""
    numbered = "CONCAT(LPAD(HEX(seq * 1048573 & 0xffffffff), 8, '0'), '-00aa-4000-8000-', LPAD(seq, 12, 'a'))"
    plain, danish = [bed.mariadb(f'ALTER DATABASE CHARACTER SET utf8 COLLATE {order}; {TABLES}')
                     for order in ('utf8_general_ci', 'utf8_danish_ci')]
    for name in (plain.rpartition('/')[2], danish.rpartition('/')[2]):
        bed.host.sql('INSERT INTO instances (uuid, mapping_uuid, vm_state, deleted) SELECT '
                     f"CONCAT('{name}-', seq), LOWER({numbered}), 'active', 0 FROM seq_1_to_12000", name)
        late(bed, name)
    told = bed.cascading('mapping audit --format value', plain, cells(bed, danish), latest=None, check=False)
    assert told.status == 2 and f'{24000 + 2 * len(LATE)} duplicate, 0 malformed' in told.err


def test_an_instance_that_is_resized_to_another_cell_is_one(bed):
    """Until that is confirmed it is in both, and nova hides one of them: on one server by a number, else by a truth."""
    hidden = TABLES.replace('deleted INT', 'deleted INT, hidden BOOLEAN')
    old = bed.mariadb(hidden)
    new = bed.postgresql(hidden.replace('INT AUTO_INCREMENT', 'SERIAL').replace(', KEY (mapping_uuid)', '').replace(
        'DATETIME', 'TIMESTAMP').replace('LIKE instances', '(LIKE instances)'))
    one, two, server = [f'{number:08}-0000-4000-8000-000000000000' for number in (1, 2, 3)]
    row = "INSERT INTO instances (uuid, mapping_uuid, host, vm_state, deleted, hidden) VALUES ('{}', '{}', '{}', " \
          "'active', 0, {})"
    bed.host.sql(row.format(one, server, 'old', 'TRUE'), old.rpartition('/')[2])
    bed.host.sql(row.format(two, two, 'old', 'FALSE'), old.rpartition('/')[2])
    bed.psql('; '.join([row.format(one, server, 'new', 'FALSE'), row.format(two, two, 'new', 'TRUE')]),
             new.rpartition('/')[2])
    found = {words: bed.cascading(f'mapping {words}', old, cells(bed, new), latest=None).out for words in (
        'audit', 'export', 'list -f value', f'find -f value {server}')}
    assert found['audit'].startswith('MAPPING OK - 2 mapped, 0 unmapped, 0 duplicate')
    assert found['export'].splitlines()[1:] == [f'{two},{two}', f'{one},{server}']
    assert [line.split()[2] for line in found['list -f value'].splitlines()] == ['old', 'new']
    assert found[f'find -f value {server}'].split()[2:4] == ['new', 'active']


def test_an_audit_sees_both_sides_of_the_end_of_a_page(bed):
    url = bed.mariadb(TABLES)
    bed.host.sql("INSERT INTO instances (uuid, mapping_uuid, vm_state, deleted) SELECT CONCAT('u', seq), "
                 "CONCAT(LPAD(seq DIV 4, 8, '0'), '-0000-4000-8000-000000000000'), 'active', seq % 4 "
                 'FROM seq_1_to_20020', url.rpartition('/')[2])
    assert bed.cascading('mapping audit', url, latest=None).out.startswith('MAPPING OK - 5005 mapped')
    bed.host.sql('UPDATE instances SET deleted = 0 WHERE id BETWEEN 4997 AND 5003', url.rpartition('/')[2])
    told = bed.cascading('mapping audit --format value', url, latest=None, check=False)
    assert told.status == 2 and len(told.out.splitlines()) == 8 and '8 duplicate' in told.err
