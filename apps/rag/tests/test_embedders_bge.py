"""BGE-M3 by FlagEmbedding, with a tiny random model of its make; and what stops the boot before anything loads."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from apps.rag.choice import BGE_HEADS, embedder_fault, reranker_fault
from apps.rag.embedders import embedder_named
from apps.rag.embedders.bge import BgeEmbedder
from apps.rag.errors import EmbedderFailed, EmbedderMisconfigured
from apps.rag.tests.hub import serve_hub
from apps.rag.tests.tiny_models import POSITIONS, SENTENCES, make_bge
from apps.rag.weights import model_fault, packages_fault, short_name, weights_revision

ROOT = Path(__file__).resolve().parents[3]
models = pytest.mark.models
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")


@models
def test_vectors_are_those_of_flagembedding_itself(tiny_bge: BgeEmbedder, tiny_bge_folder: Path) -> None:
    from FlagEmbedding import BGEM3FlagModel

    theirs = BGEM3FlagModel(str(tiny_bge_folder), use_fp16=False, devices=["cpu"])
    expected = theirs.encode(SENTENCES, batch_size=8, max_length=POSITIONS - 2)["dense_vecs"]
    np.testing.assert_allclose(tiny_bge.embed(SENTENCES), expected, atol=1e-5)


@models
def test_a_text_is_read_as_far_as_the_model_has_positions(tiny_bge: BgeEmbedder) -> None:
    start = "le gérant convoque les associés " * 60
    long, longer = tiny_bge.embed([start + "bilan", start + "tout autre chose"])
    np.testing.assert_allclose(long, longer, atol=1e-6)
    short, other = tiny_bge.embed(["le gérant", "le bilan"])
    assert np.abs(short - other).max() > 1e-3


@models
def test_the_weights_are_named_by_their_bytes_and_the_model_by_its_folder(
    tiny_bge: BgeEmbedder, tiny_bge_folder: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(tiny_bge_folder, tmp_path / "tiny-bge-m3")
    (copy / "README.md").write_text("a card", encoding="utf-8")
    assert (tiny_bge.name, tiny_bge.dimension) == ("tiny-bge-m3", 1024)
    assert BgeEmbedder(str(copy)).revision == tiny_bge.revision
    retrained = make_bge(tmp_path / "again" / "tiny-bge-m3", seed=2)
    assert BgeEmbedder(str(retrained)).revision != tiny_bge.revision


@models
def test_what_is_no_bge_m3_is_a_sentence(tiny_bge_folder: Path, tmp_path: Path) -> None:
    small = make_bge(tmp_path / "small", hidden_size=64)
    with pytest.raises(EmbedderMisconfigured, match="64 dimensions, BGE-M3 1024"):
        BgeEmbedder(str(small)).embed(["a"])
    headless = shutil.copytree(tiny_bge_folder, tmp_path / "headless")
    (headless / "colbert_linear.pt").unlink()
    with pytest.raises(EmbedderMisconfigured, match=r"lacks colbert_linear\.pt"):
        BgeEmbedder(str(headless)).embed(["a"])
    broken = shutil.copytree(tiny_bge_folder, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(EmbedderFailed):
        BgeEmbedder(str(broken)).embed(["a"])


@models
def test_a_model_that_is_nowhere_is_a_sentence_even_without_a_network(tmp_path: Path) -> None:
    script = (
        "import django; django.setup()\n"
        "from apps.rag.embedders import embedder_named\n"
        "from apps.rag.errors import EmbedderFailed\n"
        "try: embedder_named('bge', 'nobody/nothing').embed(['a'])\n"
        "except EmbedderFailed as error: print(error)\n"
    )
    said = run_elsewhere(script, tmp_path, HF_HUB_OFFLINE="1")
    assert said == (
        "EMBEDDER_MODEL=nobody/nothing: it is not on this machine and cannot be brought from the hub "
        "(LocalEntryNotFoundError). Give the folder of a copy."
    )


@models
def test_a_folder_needs_no_network(tiny_bge_folder: Path, tmp_path: Path) -> None:
    script = (
        "import socket\n"
        "def refused(*a, **k): raise AssertionError('network')\n"
        "import django; django.setup()\n"
        "socket.getaddrinfo = refused\n"
        "from apps.rag.embedders import embedder_named\n"
        f"print(embedder_named('bge', {str(tiny_bge_folder)!r}).embed(['le gérant']).shape)\n"
    )
    assert run_elsewhere(script, tmp_path) == "(1, 1024)"


@models
def test_a_model_comes_from_the_hub_once_and_without_what_nobody_reads(tiny_bge_folder: Path, tmp_path: Path) -> None:
    offered = shutil.copytree(tiny_bge_folder, tmp_path / "offered")
    for unread in ("README.md", "onnx/model.onnx", "imgs/chart.jpg", "flax_model.msgpack"):
        (offered / unread).parent.mkdir(exist_ok=True)
        (offered / unread).write_bytes(b"not read")
    script = (
        "from pathlib import Path\n"
        "from apps.rag.weights import model_folder, short_name, weights_revision\n"
        f"folder = model_folder('EMBEDDER_MODEL', 'maker/tiny-bge-m3', {BGE_HEADS!r})\n"
        "print(short_name('maker/tiny-bge-m3'), weights_revision(folder))\n"
    )
    with serve_hub("maker/tiny-bge-m3", offered) as hub:
        first = run_elsewhere(script, tmp_path / "home", HF_ENDPOINT=hub.url)
        assert sorted(hub.fetched) == sorted(path.name for path in tiny_bge_folder.iterdir())
        assert run_elsewhere(script, tmp_path / "home", HF_ENDPOINT=hub.url) == first
        assert len(hub.fetched) == len(set(hub.fetched))
    assert first == f"tiny-bge-m3 {weights_revision(tiny_bge_folder)}"
    # the hub is gone, and then nobody may even ask for it
    assert run_elsewhere(script, tmp_path / "home", HF_ENDPOINT=hub.url) == first
    assert run_elsewhere(script, tmp_path / "home", HF_HUB_OFFLINE="1") == first


def run_elsewhere(script: str, folder: Path, **changes: str) -> str:
    """Run a script in a process of its own and return the last line that it prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment = {**kept, "HF_HOME": str(folder), "DJANGO_SETTINGS_MODULE": "kauri.settings", **changes}
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip().splitlines()[-1]


def a_folder(path: Path, *files: str) -> Path:
    """Return a folder with empty files of these names."""
    path.mkdir()
    for name in files:
        (path / name).touch()
    return path


def test_a_folder_is_looked_through_before_anything_loads(tmp_path: Path) -> None:
    whole = a_folder(tmp_path / "whole", "config.json", "model.safetensors", *BGE_HEADS)
    old = a_folder(tmp_path / "old", "config.json", "pytorch_model.bin", *BGE_HEADS)
    lacking = a_folder(tmp_path / "lacking", "config.json", "colbert_linear.pt")
    assert model_fault("X", str(whole), BGE_HEADS) == model_fault("X", str(old), BGE_HEADS) == ""
    assert model_fault("X", "BAAI/bge-m3", BGE_HEADS) == ""
    said = model_fault("X", str(lacking), BGE_HEADS)
    assert said == f"X={lacking}: this folder lacks sparse_linear.pt, model.safetensors. Copy the model whole."
    assert model_fault("X", "/nowhere") == "X=/nowhere: there is no such folder."
    assert "expected a folder, or the name of a model on the hub" in model_fault("X", "bge")


def test_a_models_name_is_the_same_from_the_hub_and_from_a_folder(tmp_path: Path) -> None:
    assert short_name("BAAI/bge-m3") == short_name(str(a_folder(tmp_path / "bge-m3"))) == "bge-m3"


def test_what_names_weights_counts_what_changes_them_and_nothing_else(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "model", "config.json", "model.safetensors", "tokenizer.json")
    first = weights_revision(folder)
    (folder / "README.md").write_text("words", encoding="utf-8")
    assert weights_revision(folder) == first
    revisions = {first}
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / name).write_text("changed", encoding="utf-8")
        revisions.add(weights_revision(folder))
    assert len(revisions) == 4


def test_the_choice_of_an_endpoint_needs_an_address_and_a_model() -> None:
    assert embedder_fault("builtin", model="", base_url="") == embedder_fault("none", model="", base_url="") == ""
    assert embedder_fault("remote", model="m", base_url="https://h/v1") == ""
    assert "EMBEDDER_BASE_URL and EMBEDDER_MODEL" in embedder_fault("remote", model="", base_url="https://h/v1")
    assert "EMBEDDER_BASE_URL and EMBEDDER_MODEL" in embedder_fault("remote", model="m", base_url="")
    assert "expected an address" in embedder_fault("remote", model="m", base_url="h:80/v1")
    assert "at most 120" in embedder_fault("remote", model="m" * 121, base_url="https://h/v1")
    assert reranker_fault("builtin", model="") == reranker_fault("none", model="") == ""


@pytest.mark.skipif(packages_fault("X") == "", reason="requirements/models is installed")
class TestWithoutThePackages:
    """Where `make models` was not run."""

    def test_the_sentence_says_what_to_run(self) -> None:
        for said in (embedder_fault("bge", model="", base_url=""), reranker_fault("flag", model="")):
            assert "run make models, or pip install -r requirements/models.txt" in said
        with pytest.raises(EmbedderMisconfigured, match="run make models"):
            embedder_named("bge")

    @pytest.mark.parametrize("name", ["EMBEDDER=bge", "RERANKER=flag", "RERANKER=cross-encoder"])
    def test_it_stops_every_command(self, name: str, tmp_path: Path) -> None:
        setting, _, value = name.partition("=")
        environment = {"PATH": "/usr/bin:/bin", "KAURI_VAR_DIR": str(tmp_path), setting: value}
        run = subprocess.run(
            [sys.executable, "manage.py", "check"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 1
        assert run.stderr.startswith(f"{name} needs packages that are not installed (torch, transformers")
        assert "Traceback" not in run.stderr
