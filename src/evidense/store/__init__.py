"""Store: records and blobs by id, whole or not at all, shared by processes."""

from evidense.store.sealing import sealed, unsealed
from evidense.store.store import CANARY, Store, default_root

__all__ = ["CANARY", "Store", "default_root", "sealed", "unsealed"]
