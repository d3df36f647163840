"""Three names that nova of 2014 expects of Python, OpenSSL and SQLite, and that newer ones no longer have."""

import sqlite3
import ssl
import uuid

if not hasattr(ssl, 'PROTOCOL_SSLv3'):
    ssl.PROTOCOL_SSLv3 = ssl.PROTOCOL_SSLv23
if not hasattr(uuid, '_uuid_generate_random'):
    uuid._uuid_generate_random = None


def connect(*args, **kwargs):
    """As sqlite3.connect; renames tables as SQLite did before 3.25, which sqlalchemy-migrate relies on."""
    connection = plain_connect(*args, **kwargs)
    connection.execute('PRAGMA legacy_alter_table=ON')
    return connection


plain_connect = sqlite3.dbapi2.connect
sqlite3.connect = sqlite3.dbapi2.connect = connect
