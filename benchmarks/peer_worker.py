"""One system in a process of its own: reads commands from standard input, answers each with a line of JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kauri.settings")

N_UPDATES = 3
SLOW_S = 5.0  # an update that takes longer is measured once


def main() -> None:
    """Serve one system until standard input ends."""
    import django

    django.setup()
    name, analysis, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print must not stand among the answers
    system = system_named(name, analysis)
    for line in sys.stdin:
        answers.write(json.dumps(answer(system, json.loads(line), folder)) + "\n")
        answers.flush()
    os._exit(0)  # threads of some libraries never end


def system_named(name: str, analysis: str) -> Any:
    """Return the system that a name stands for."""
    import peer_kauri
    import peer_systems

    return {
        "kauri": peer_kauri.Kauri,
        "rank-bm25": peer_systems.RankBm25,
        "bm25s": peer_systems.Bm25s,
        "langchain": peer_systems.LangChainEnsemble,
        "haystack": peer_systems.HaystackHybrid,
    }[name](analysis)


def answer(system: Any, command: dict[str, Any], folder: Path) -> Any:
    """Do what a command says and return what came of it."""
    match command["do"]:
        case "build":
            return built(system, folder)
        case "search":
            return searched(system, command["questions"], command["budget_s"], is_words=command["is_words"])
        case "update":
            return updated(system, folder)
        case _:
            return system.memory_mb()


def built(system: Any, folder: Path) -> float:
    """Build a system; return the seconds that it took, the analysis of all passages among them."""
    from peer_job import passages_read

    passages = passages_read(folder)
    borrowed_s = analysed(system, passages.texts, folder)
    started = time.perf_counter()
    system.build(passages)
    elapsed_s = time.perf_counter() - started
    forget(system)
    return elapsed_s + borrowed_s


def analysed(system: Any, texts: tuple[str, ...], folder: Path) -> float:
    """Have the passages' terms ready where a system takes Kauri's; return the seconds that computing them took."""
    from peer_systems import KauriTerms

    tokenizer = getattr(system, "tokenizer", None)
    if not isinstance(tokenizer, KauriTerms):
        return 0.0
    tokenizer.prepare(texts, folder / "terms.json")
    return tokenizer.borrowed_s


def forget(system: Any) -> None:
    """Let go of terms that a system does not keep itself."""
    from peer_systems import KauriTerms

    tokenizer = getattr(system, "tokenizer", None)
    if isinstance(tokenizer, KauriTerms):
        tokenizer.forget()


def searched(system: Any, questions: list[str], budget_s: float, *, is_words: bool) -> list[tuple[float, list[str]]]:
    """Ask one question after the other until the time is up; return milliseconds and ids for each."""
    search = system.search_words if is_words else system.search
    give_up = time.perf_counter() + budget_s
    results: list[tuple[float, list[str]]] = []
    for question in questions:
        started = time.perf_counter()
        ids = search(question)
        results.append(((time.perf_counter() - started) * 1e3, ids))
        if time.perf_counter() > give_up:
            break
    return results


def updated(system: Any, folder: Path) -> list[float]:
    """Add a few passages, each searchable before the next; return the seconds that each took."""
    from peer_job import passages_read

    passages = passages_read(folder)
    times: list[float] = []
    anew_s = analysed(system, passages.texts, folder) if getattr(system, "is_analysed_anew", False) else 0.0
    for number in range(N_UPDATES):
        text, vector = f"Nouveau texte {number} : {passages.texts[number]}", passages.vectors[number]
        started = time.perf_counter()
        system.update(f"new-{number}", text, vector)
        times.append(anew_s + time.perf_counter() - started)
        if times[-1] > SLOW_S:
            break
    return times


if __name__ == "__main__":
    main()
