"""BGE-M3 by FlagEmbedding: dense vectors of 1,024 dimensions, from the hub or from a folder.

Chen et al., "BGE M3-Embedding", 2024: the dense vector is the normalised first token of the last layer.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from apps.rag.choice import BGE_HEADS
from apps.rag.errors import EmbedderFailed, EmbedderMisconfigured
from apps.rag.ports import Vectors
from apps.rag.weights import WeightsUnusable, model_folder, packages_fault, short_name, weights_revision

DIMENSION = 1024
# Attention grows with the square of the length, and a passage has some 500 tokens: the model's own 8,192 would let
# one table of a whole page take gigabytes.
_MAX_TOKENS = 2048
_MAX_CHARACTERS = 16 * _MAX_TOKENS  # no token of the model's is longer: what lies behind need not even be cut up


@dataclass(frozen=True, slots=True)
class _Loaded:
    tokenizer: Any
    network: Any
    device: str
    max_tokens: int


class BgeEmbedder:
    """Loads the model on first use, once per process; encodes one batch at a time, on a GPU where there is one."""

    dimension = DIMENSION

    def __init__(self, model: str) -> None:
        """Take a hub name or a folder. Raises EmbedderMisconfigured where the packages are not installed."""
        if fault := packages_fault("EMBEDDER=bge"):
            raise EmbedderMisconfigured(fault)
        self._model = model
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Return the model's own name: the same for the hub and for a copy of it in a folder."""
        return short_name(self._model)

    @cached_property
    def revision(self) -> str:
        """Return a hash of the weights. Reads them, and brings them from the hub where they are not here yet."""
        return weights_revision(self._folder)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return (n_texts, 1024) float32 rows of length 1; a text is read up to 2,048 tokens. Raises EmbedderFailed."""
        if not texts:
            return np.zeros((0, DIMENSION), dtype=np.float32)
        with self._lock:
            try:
                return self._encoded([text[:_MAX_CHARACTERS] for text in texts])
            except EmbedderFailed:
                raise
            except Exception as error:
                # torch, transformers, tokenizers and safetensors each raise whatever they like
                raise EmbedderFailed from error

    def _encoded(self, texts: list[str]) -> Vectors:
        import torch  # noqa: PLC0415 - only there where requirements/models is, and seconds to load

        loaded = self._loaded
        with torch.inference_mode():
            # FlagEmbedding's own encode() computes the first batch twice, to find out how much memory it takes
            tokens = loaded.tokenizer(
                texts, padding=True, truncation=True, max_length=loaded.max_tokens, return_tensors="pt"
            ).to(loaded.device)
            dense = loaded.network(tokens, return_dense=True)["dense_vecs"]
        vectors: Vectors = dense.float().cpu().numpy()
        return vectors

    @cached_property
    def _folder(self) -> Path:
        try:
            folder = model_folder("EMBEDDER_MODEL", self._model, BGE_HEADS)
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except (WeightsUnusable, OSError, ValueError) as error:
            raise EmbedderMisconfigured(str(error)) from error
        if config.get("hidden_size") != DIMENSION:
            sentence = f"EMBEDDER_MODEL={self._model}: it gives {config.get('hidden_size')} dimensions, BGE-M3 1024."
            raise EmbedderMisconfigured(sentence)
        return folder

    @cached_property
    def _loaded(self) -> _Loaded:
        folder = self._folder
        # half a minute: only here, in a thread
        from FlagEmbedding import BGEM3FlagModel  # noqa: PLC0415 - see above

        device = BGEM3FlagModel.get_target_devices(None)[0]  # several would start processes of their own
        model = BGEM3FlagModel(str(folder), use_fp16=device.startswith("cuda"), devices=[device])
        positions = model.model.model.config.max_position_embeddings - 2  # XLM-RoBERTa counts from 2
        network = model.model.to(device).eval()
        return _Loaded(model.tokenizer, network, device, min(_MAX_TOKENS, positions))
