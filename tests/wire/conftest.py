"""The shop of the hot doors, for whoever speaks to it."""

from tests.server.conftest import empty_sqlite
from tests.server.ingest.conftest import limits, quiet_shop, shop, small_records

__all__ = ["empty_sqlite", "limits", "quiet_shop", "shop", "small_records"]
