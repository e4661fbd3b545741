"""One running Kauri with its sample documents, shared by the tests that leave it as they found it."""

from collections.abc import Iterator

import pytest

from e2e.stack import Stack, until
from kauri.launcher.postgres import EmbeddedPostgres


@pytest.fixture(scope="session", autouse=True)
def _clusters_removed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Remove the clusters that lie outside the tests' folders, where root runs the tests."""
    yield
    for mark in tmp_path_factory.getbasetemp().rglob("postgres/cluster.json"):
        EmbeddedPostgres(mark.parents[1]).remove()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack(tmp_path_factory.mktemp("kauri")).start()
    try:
        until(
            lambda: not (running.var_dir / "run" / "samples").exists(),
            timeout_s=120,
            what="the sample documents were imported",
        )
        yield running
    finally:
        running.stop()
