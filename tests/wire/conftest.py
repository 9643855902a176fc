"""The shop of the hot doors, for whoever speaks to it."""

from tests.server.conftest import empty_sqlite
from tests.server.ingest.conftest import limits, logged, quiet_shop, shop, small_records, waiting

__all__ = ["empty_sqlite", "limits", "logged", "quiet_shop", "shop", "small_records", "waiting"]
