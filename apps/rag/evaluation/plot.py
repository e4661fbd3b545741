"""Draws recall by k: one panel a dataset, one curve a leg."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from apps.rag.evaluation.measures import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = {
    "bm25": "#9aa5b1",
    "gram": "#c9b458",
    "lexical": "#5b6b7a",
    "dense": "#c0722f",
    "fused": "#3a7ca5",
    "reranked": "#1b7f5c",
}
_MAX_COLUMNS = 3
_TICKS = (1, 2, 5, 10, 20, 50, 100)


def recall_plot(reports: Sequence[Report], path: Path) -> None:
    """Write a PNG with the recall at 1..100 of every leg of every report."""
    # takes a second, and most runs draw nothing; this way of drawing needs no display and touches no global state
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - see above
    from matplotlib.figure import Figure  # noqa: PLC0415 - see above

    n_columns = min(_MAX_COLUMNS, len(reports))
    n_rows = -(-len(reports) // n_columns)
    figure = Figure(figsize=(5.2 * n_columns + 0.6, 4.2 * n_rows), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(n_rows, n_columns, squeeze=False)
    for panel in panels.flat[len(reports) :]:
        panel.set_axis_off()
    lowest = min((leg.recall_by_k[0] for report in reports for leg in report.legs), default=0.0)
    for panel, report in zip(panels.flat, reports, strict=False):
        _draw(panel, report, lowest=max(0.0, lowest - 0.05))
    figure.savefig(path, dpi=150, format="png", metadata={"Software": "Kauri"})


def _draw(panel: Axes, report: Report, *, lowest: float) -> None:
    for leg in report.legs:
        at = dict(leg.values)["recall@10"]
        label = f"{_leg_name(leg.leg)} ({at:.3f})"
        is_final = leg is report.legs[-1]
        panel.plot(
            range(1, len(leg.recall_by_k) + 1),
            leg.recall_by_k,
            label=label,
            color=_COLOURS.get(leg.leg),
            linewidth=2.4 if is_final else 1.5,
            zorder=3 if is_final else 2,
        )
    panel.set_xscale("log")
    panel.set_xticks(_TICKS, [str(tick) for tick in _TICKS])
    panel.minorticks_off()
    panel.set_xlim(1, _TICKS[-1])
    panel.set_ylim(lowest, 1.0)
    panel.axvline(10, color="#b8bec4", linewidth=0.8, linestyle=":")
    panel.grid(visible=True, axis="y", color="#e3e6e9", linewidth=0.8)
    panel.spines[["top", "right"]].set_visible(False)
    counts = {"dataset": report.dataset, "questions": report.n_judged, "passages": report.n_passages}
    panel.set_title(_("%(dataset)s: %(questions)d questions, %(passages)d passages") % counts, fontsize=10)
    panel.set_xlabel(_("k, passages read"))
    panel.set_ylabel(_("recall at k"))
    panel.legend(loc="lower right", frameon=False, fontsize=9, title=_("ranking (recall@10)"), title_fontsize=9)


def _leg_name(leg: str) -> str:
    names = {
        "bm25": _("words"),
        "gram": _("4-grams"),
        "lexical": _("words and 4-grams"),
        "dense": _("vectors"),
        "fused": _("fused"),
        "reranked": _("reranked"),
    }
    return names[leg]
