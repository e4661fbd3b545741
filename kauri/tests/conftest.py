"""A real process over a real database, as the tests of the chat have it."""

from apps.chat.tests.conftest import cast, live_database, owner, provider, provider_server

__all__ = ["cast", "live_database", "owner", "provider", "provider_server"]
