"""Weights of models on this machine: whether what they need is here and whole, and which weights they are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

PACKAGES_OF_MODELS = ("torch", "transformers", "FlagEmbedding", "sentence_transformers")
# What changes a model's numbers: its shape, its words, its weights. Not its card, its pictures, its ONNX twin.
_COUNTED = ("config.json", "tokenizer.json", "*.model", "*.safetensors", "*.bin", "*.pt")
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
_WANTED = ("*.json", "*.txt", "*.model", "*.safetensors", "*.bin", "*.pt")
# A model's folder above all: what lies under it (onnx/, imgs/) is large and not read.
_UNWANTED = ("*/*.onnx", "onnx/*", "openvino/*", "imgs/*", "flax_model*", "rust_model*", "tf_model*")
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


class WeightsUnusable(Exception):
    """A model cannot be loaded from where it is said to be; the message is a sentence for the operator."""


def packages_fault(setting: str) -> str:
    """Return what to install before `setting` can be used, "" where it is installed. Loads nothing."""
    lacking = [name for name in PACKAGES_OF_MODELS if find_spec(name) is None]
    if not lacking:
        return ""
    return (
        f"{setting} needs packages that are not installed ({', '.join(lacking)}): run make models, "
        "or pip install -r requirements/models.txt."
    )


def model_fault(setting: str, model: str, needed: Sequence[str] = ()) -> str:
    """Return what is wrong with a model's name, or with its folder where it names one, "" where nothing is.

    `needed` are the files without which the folder is not whole, beside its configuration and weights.
    """
    if not names_folder(model):
        if _HUB_NAME.fullmatch(model):
            return ""
        return f"{setting}={model}: expected a folder, or the name of a model on the hub such as BAAI/bge-m3."
    folder = Path(model).expanduser()
    if not folder.is_dir():
        return f"{setting}={model}: there is no such folder."
    lacking = [name for name in ("config.json", *needed) if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in _WEIGHTS):
        lacking.append(_WEIGHTS[0])
    if not lacking:
        return ""
    return f"{setting}={model}: this folder lacks {', '.join(lacking)}. Copy the model whole."


def names_folder(model: str) -> bool:
    """Tell whether a model's name is a folder on this machine, and not a name on the hub."""
    return model.startswith(("/", ".", "~")) or Path(model).is_dir()


def short_name(model: str) -> str:
    """Return a model's own name, the same for the hub and for a folder of that name."""
    return Path(model).expanduser().resolve().name if names_folder(model) else model.rpartition("/")[2]


def model_folder(setting: str, model: str, needed: Sequence[str] = ()) -> Path:
    """Return the folder of a model, brought from the hub where it is not one: slow the first time.

    Where the hub cannot be reached, what was brought earlier serves. Raises WeightsUnusable.
    """
    if fault := model_fault(setting, model, needed):
        raise WeightsUnusable(fault)
    if names_folder(model):
        return Path(model).expanduser().resolve()
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only there where requirements/models is

    try:
        folder = snapshot_download(model, allow_patterns=list(_WANTED), ignore_patterns=list(_UNWANTED))
    except (OSError, ValueError) as error:
        # what the hub's client raises, offline, for an unknown name, for a broken connection
        sentence = (
            f"{setting}={model}: it is not on this machine and cannot be brought from the hub "
            f"({type(error).__name__}). Give the folder of a copy."
        )
        raise WeightsUnusable(sentence) from error
    if fault := model_fault(setting, folder, needed):
        raise WeightsUnusable(fault)
    return Path(folder)


def weights_revision(folder: Path) -> str:
    """Return a name for what the files of a model's folder hold: other bytes, another name. Reads them whole."""
    of_all = hashlib.sha256()
    for path in sorted({path for pattern in _COUNTED for path in folder.glob(pattern)}):
        with path.open("rb") as opened:
            of_all.update(f"{path.name}\0{hashlib.file_digest(opened, 'sha256').hexdigest()}\0".encode())
    return of_all.hexdigest()[:16]
