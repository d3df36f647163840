"""The sqlalchemy-migrate repository of nova-cascading, kept beside upstream's own."""
