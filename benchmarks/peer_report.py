"""The peers' figures as Markdown: quality by set, and speed, building, updating and memory by size."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any


def report(measured: Mapping[str, tuple[int, Sequence[Any]]], command: str, machine: str, elapsed_s: float) -> str:
    """Return the tables of all jobs."""
    head = f"{command}. {machine}. The whole run took {elapsed_s / 60:.0f} minutes.\n"
    parts = [head]
    for name, (n_passages, results) in measured.items():
        n_questions = max(len(result.gains) for result in results)
        parts.append(f"### {name}: {n_passages:,} passages, {n_questions} questions\n")
        parts.append(_table(results))
    return "\n".join(parts)


def results_write(path: Path, section: str, told: str) -> None:
    """Put tables between the marks of a section of a Markdown file."""
    begin, end = f"<!-- peers {section}: written by benchmarks/peers.py -->", f"<!-- /peers {section} -->"
    before = path.read_text("utf-8")
    if begin not in before or end not in before:
        raise SystemExit(f"{path} has no section {section}")
    after = re.sub(
        rf"{re.escape(begin)}.*{re.escape(end)}", lambda _: f"{begin}\n{told}\n{end}", before, flags=re.DOTALL
    )
    path.write_text(after, "utf-8")


def _table(results: Sequence[Any]) -> str:
    names = (
        "system", "R@10", "MRR@10", "nDCG@10", "p50 ms", "p95 ms", "queries/s", "÷ Kauri", "÷ its words", "build s",
        "add one s", "memory MB",
    )  # fmt: skip
    lines = [f"| {' | '.join(names)} |", "|---" + "|---:" * (len(names) - 1) + "|"]
    return "\n".join([*lines, *(_line(result, results) for result in results)]) + "\n"


def _line(result: Any, results: Sequence[Any]) -> str:
    from apps.rag.evaluation.metrics import mean, percentile

    times = result.times_ms
    n_most = max(len(each.gains) for each in results)
    label = result.row.label + (f" ({len(result.gains)} of {n_most} asked)" if len(result.gains) < n_most else "")
    quality = [f"{mean([gain[at] for gain in result.gains]):.3f}" for at in range(3)]
    speed = [_short(percentile(times, share)) for share in (0.5, 0.95)]
    ratios = [_ratio(result, results, is_words=False), _ratio(result, results, is_words=True)]
    costs = ["", "", ""]
    if not result.row.is_words:
        costs = [_short(result.build_s), _short(result.update_s), f"{result.memory_mb:.0f}"]
    cells = (label, *quality, *speed, _short(len(times) / sum(times) * 1e3), *ratios, *costs)
    return f"| {' | '.join(cells)} |"


def _ratio(result: Any, results: Sequence[Any], *, is_words: bool) -> str:
    """Return the median over the rounds of a system's p50 by Kauri's own in the same round."""
    from apps.rag.evaluation.metrics import percentile

    ours = next((each for each in results if each.row.system == "kauri" and each.row.is_words == is_words), None)
    if ours is None:
        return ""
    pairs = zip(result.rounds_ms, ours.rounds_ms, strict=True)
    return _short(median(percentile(own, 0.5) / percentile(kauri, 0.5) for own, kauri in pairs))


def _short(value: float) -> str:
    """Return a figure with three significant digits, and no more than it needs."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"
