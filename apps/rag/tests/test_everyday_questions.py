"""The questions in everyday words: every judgement names a passage that is there, and every question says enough."""

from pathlib import Path

from apps.rag.evaluation.dataset import dataset_read
from apps.rag.tests.datasets import FOLDER, needs_data

QUESTIONS = Path(__file__).resolve().parents[3] / "benchmarks" / "questions" / "everyday.jsonl"


@needs_data
def test_every_judgement_names_a_passage() -> None:
    dataset = dataset_read(QUESTIONS, library=FOLDER)
    assert dataset.unknown == ()
    assert len(dataset.queries) > 300
    assert {"definition", "account", "comparison", "followup", "tax_asof"} <= {each.kind for each in dataset.queries}
    for query in dataset.queries:
        assert query.must_refuse != bool(query.relevant), query.query_id
        assert query.must_refuse or query.must_contain, query.query_id
