"""Models that tests make themselves, where the packages for them are installed."""

from pathlib import Path

import pytest

from apps.rag.embedders.bge import BgeEmbedder
from apps.rag.tests.tiny_models import make_bge, make_cross_encoder
from apps.rag.weights import packages_fault


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs the packages of large models where they are not installed."""
    if item.get_closest_marker("models") and packages_fault("these tests"):
        pytest.skip("requirements/models is not installed: make models")


@pytest.fixture(scope="session")
def tiny_bge_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a random model of BGE-M3's make."""
    return make_bge(tmp_path_factory.mktemp("models") / "tiny-bge-m3")


@pytest.fixture(scope="session")
def tiny_bge(tiny_bge_folder: Path) -> BgeEmbedder:
    """Return it as an embedder, loaded once for all tests."""
    return BgeEmbedder(str(tiny_bge_folder))


@pytest.fixture(scope="session")
def tiny_cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a random cross-encoder."""
    return make_cross_encoder(tmp_path_factory.mktemp("models") / "tiny-cross-encoder")
