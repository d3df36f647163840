"""Add mapping_uuid to instances and shadow_instances, when it is not there yet."""

from nova.cascading import schema


def upgrade(migrate_engine):
    schema.ensure(migrate_engine)


def downgrade(migrate_engine):
    """Nothing: a column with mappings in it only goes with `nova-cascading db rollback --drop-column`."""
