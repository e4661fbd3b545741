"""Cross-encoders by FlagEmbedding, such as BAAI/bge-reranker-v2-m3."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apps.rag.rerankers.pairs import CrossEncoder, PairScorer, readable_tokens, require_reranker

_XLM_ROBERTA_OFFSET = 2


class FlagEmbeddingReranker(CrossEncoder):
    """Scores by FlagEmbedding's model, on a GPU where there is one."""

    kind = "flag"

    def _open(self, folder: Path) -> PairScorer:
        # half a minute: only here, in a thread
        from FlagEmbedding import FlagReranker  # noqa: PLC0415 - see above

        device = FlagReranker.get_target_devices(None)[0]  # several would start processes of their own
        loaded = FlagReranker(str(folder), devices=[device])
        require_reranker(folder, loaded.model.config.num_labels)
        max_tokens = readable_tokens(loaded.model.config.max_position_embeddings, _XLM_ROBERTA_OFFSET)
        model = loaded.model.to(device).eval()
        return _scoring(loaded.tokenizer, model.half() if device.startswith("cuda") else model, device, max_tokens)


def _scoring(tokenizer: Any, model: Any, device: str, max_tokens: int) -> PairScorer:
    import torch  # noqa: PLC0415 - only there where requirements/models is, and seconds to load

    def score(pairs: Sequence[tuple[str, str]]) -> Sequence[float]:
        # FlagEmbedding's own compute_score() computes the first batch twice, to find out how much memory it takes
        questions, texts = zip(*pairs, strict=True)
        tokens = tokenizer(
            list(questions), list(texts), padding=True, truncation=True, max_length=max_tokens, return_tensors="pt"
        ).to(device)
        with torch.inference_mode():
            scores: list[float] = model(**tokens).logits.view(-1).float().tolist()
        return scores

    return score
