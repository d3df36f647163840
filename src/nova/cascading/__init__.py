"""What nova-cascading adds to nova: its database schema and its command line.

Everything here runs inside the nova it was put into: Python 2.6 to 3.14, SQLAlchemy 0.7.8 to 2.0,
and nothing that this nova does not need itself.
"""
