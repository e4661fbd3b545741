"""What is wrong with the choice of models, said before anything is loaded; the settings stop the boot with it."""

from __future__ import annotations

from apps.rag.weights import model_fault, packages_fault

EMBEDDERS = ("builtin", "none", "bge", "remote")
RERANKERS = ("builtin", "none", "flag", "cross-encoder")
BGE_M3 = "BAAI/bge-m3"
# Without them FlagEmbedding goes on with random heads and says nothing; a folder that lacks them was not copied whole.
BGE_HEADS = ("colbert_linear.pt", "sparse_linear.pt")
# Both read French; the first wants a GPU, the second is six times smaller.
DEFAULT_RERANKER = {"flag": "BAAI/bge-reranker-v2-m3", "cross-encoder": "cross-encoder/mmarco-mMiniLMv2-L12-H384-v1"}
_MAX_NAME = 120  # of the column that keeps it beside each index


def embedder_fault(name: str, *, model: str, base_url: str) -> str:
    """Return one sentence on what EMBEDDER and its settings lack, "" where nothing."""
    if len(model) > _MAX_NAME and name == "remote":
        return f"EMBEDDER_MODEL: expected at most {_MAX_NAME} characters."
    if name == "remote" and not (model and base_url):
        return "EMBEDDER=remote needs EMBEDDER_BASE_URL and EMBEDDER_MODEL: whom to ask, and for which model."
    if name == "remote" and not base_url.startswith(("http://", "https://")):
        return f"EMBEDDER_BASE_URL={base_url}: expected an address such as https://host/v1."
    if name != "bge":
        return ""
    return packages_fault("EMBEDDER=bge") or model_fault("EMBEDDER_MODEL", model or BGE_M3, BGE_HEADS)


def reranker_fault(name: str, *, model: str) -> str:
    """Return one sentence on what RERANKER and its model lack, "" where nothing."""
    if name not in DEFAULT_RERANKER:
        return ""
    return packages_fault(f"RERANKER={name}") or model_fault("RERANKER_MODEL", model or DEFAULT_RERANKER[name])
