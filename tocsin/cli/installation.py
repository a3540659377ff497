"""Whether the database fits this version and these keys: asked by every process before it works."""

from tocsin.lib.addresses import key_check
from tocsin.lib.config import Config
from tocsin.lib.errors import BadEnvironment


def missing_migrations() -> int:
    """How many migrations the database lacks. Django is to be loaded."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def require_fitting(config: Config) -> None:
    """Raise BadEnvironment unless the database is at this version, holds a publication, and fits the address key."""
    if config.sqlite_path is not None and not config.sqlite_path.exists():
        mend = "Put back what you moved, or restore a backup. In an empty state directory a new newsroom begins with: tocsin prepare"
        raise BadEnvironment(f"There is no database at {config.sqlite_path}.", mend)
    if missing_migrations():
        raise BadEnvironment("The database is not at this version of Tocsin.", "Run: tocsin prepare")
    require_address_key(config)


def require_address_key(config: Config) -> None:
    """Raise BadEnvironment when the ledger's hashes were made with another key: told addresses would be told again."""
    from tocsin.audience.models import Publication

    publication = Publication.objects.first()
    if publication is None:
        raise BadEnvironment("The database holds no publication.", "Run: tocsin prepare")
    if publication.address_key_check not in {"", key_check(config.address_key)}:
        raise BadEnvironment(
            "This database was made with another address key: with this one, readers would be told twice.",
            f"Put the right key into {config.state_dir / 'address.key'}, from the backup of this installation.",
        )
