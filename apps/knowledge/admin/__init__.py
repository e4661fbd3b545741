"""The curators' pages in the back office."""

from apps.knowledge.admin import collections, documents, jobs, passages, versions

__all__ = ["collections", "documents", "jobs", "passages", "versions"]
