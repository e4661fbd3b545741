"""Cross-encoders by sentence-transformers, such as cross-encoder/mmarco-mMiniLMv2-L12-H384-v1."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from apps.rag.rerankers.pairs import CrossEncoder, PairScorer, readable_tokens, require_reranker

_XLM_ROBERTA_OFFSET = 2  # two tokens fewer are no loss where the model is BERT's kind


class CrossEncoderReranker(CrossEncoder):
    """Scores by sentence-transformers' CrossEncoder, on a GPU where there is one."""

    kind = "cross-encoder"

    def _open(self, folder: Path) -> PairScorer:
        # many seconds: only here, in a thread
        import sentence_transformers  # noqa: PLC0415 - see above
        import torch  # noqa: PLC0415 - see above

        loaded = sentence_transformers.CrossEncoder(
            str(folder), local_files_only=True, activation_fn=torch.nn.Identity()
        )
        require_reranker(folder, loaded.config.num_labels)
        positions = getattr(loaded.config, "max_position_embeddings", None)
        loaded.max_length = readable_tokens(positions, _XLM_ROBERTA_OFFSET)

        def score(pairs: Sequence[tuple[str, str]]) -> Sequence[float]:
            scores: list[float] = loaded.predict(list(pairs), batch_size=len(pairs), show_progress_bar=False).tolist()
            return scores

        return score
