"""Duplicates: which records of several indexes are one work, which are versions of it, and which pairs cannot be told."""

from evidense.auditing.duplicates.works import Doubt, OneWork, Version, Works, deduplicate

__all__ = ["Doubt", "OneWork", "Version", "Works", "deduplicate"]
