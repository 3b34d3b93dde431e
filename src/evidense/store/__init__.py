"""Store: records and blobs by id, whole or not at all, shared by processes."""

from evidense.store.folders import CANARY
from evidense.store.places import default_root
from evidense.store.sealing import sealed, unsealed
from evidense.store.store import Store

__all__ = ["CANARY", "Store", "default_root", "sealed", "unsealed"]
