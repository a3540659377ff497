"""Loaded before anything else (`-p tests.environment`): gives every test process a state directory and a database.

TEST_DATABASE=sqlite (default) or postgresql. A migrated template is made once per set of migrations and kept below
the system's temporary directory; each worker gets a clone, and each test that asks for `committed` gets one more.
PostgreSQL is started here, as an unprivileged user, unless TEST_POSTGRES_URL names a server.
"""

import atexit
import hashlib
import os
import signal
import tempfile
from pathlib import Path

from tests import databases, memory

ROOT = Path(__file__).resolve().parents[1]
ENGINE = os.environ.setdefault("TEST_DATABASE", "sqlite")


def _fingerprint() -> str:
    digest = hashlib.sha256((ROOT / "constraints.txt").read_bytes())
    sources = [
        *sorted((ROOT / "tocsin").rglob("migrations/*.py")),
        ROOT / "tocsin/desk/install.py",
        ROOT / "tocsin/settings.py",
    ]
    for path in sources:
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()[:16]


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell ignores Ctrl-C on behalf of what it starts in the background; what the tests start is to hear it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
memory.use()
for name in [name for name in os.environ if name.startswith("TOCSIN_")]:
    del os.environ[name]

_state = tempfile.TemporaryDirectory(prefix="tocsin-test-state-")
atexit.register(_state.cleanup)
os.environ.update(
    TOCSIN_STATE_DIR=_state.name,
    TOCSIN_SITE_URL="http://news.example.org",
    TOCSIN_SECRET_KEY="a key for tests only",
    TOCSIN_ADDRESS_KEY="another key for tests only",
    TOCSIN_LOG_LEVEL="warning",
)
os.environ.pop("PYTHONWARNINGS", None)

store = databases.open_store(ENGINE, _fingerprint())
os.environ["TOCSIN_DATABASE_URL"] = store.clone(f"worker_{os.getpid()}")
atexit.register(store.drop, os.environ["TOCSIN_DATABASE_URL"])
