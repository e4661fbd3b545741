"""Every knob of the engine, in one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import partial

from django.conf import settings

from apps.rag.calibration import (
    BUILTIN,
    LEXICAL,
    EvidenceModel,
    FusionWeights,
    RerankWeights,
    answers_shipped,
    calibration_of,
)
from apps.rag.calibration.answers import AnswerModels
from apps.rag.types import Overrides


@dataclass(frozen=True, slots=True)
class RagConfig:
    """Knobs of retrieval and answering."""

    # retrieval
    n_candidates: int = 100  # hits asked of each leg, and the pool that min-max looks at
    n_hydrated: int = 60  # candidates fetched from PostgreSQL: more found nothing more, and cost time
    n_passages: int = 10  # passages that leave the engine
    weights: FusionWeights = field(default_factory=FusionWeights)  # of the legs, for the choice of candidates
    rerank: RerankWeights = field(default_factory=RerankWeights)  # of the signs that order them
    is_calibrated: bool = True  # False: reciprocal rank instead of the legs' weights
    rrf_k: int = 60
    heading_boost: float = 0.3  # weight of a heading's word beside the passage's
    expansion_boost: float = 0.9  # weight of a lexicon word beside the asker's own words
    context_boost: float = 0.6  # weight of an earlier question's word in a follow-up
    model_share: float = 0.7  # weight of a reranking model's verdict beside the built-in scorer's
    n_fitted: int = 45  # candidates whose words are read again, beside the question's
    definition_bonus: float = 0.6  # for a passage that defines what the question asks about
    label_bonus: float = 1.0  # for an account whose label is what the question names
    depth_malus: float = 0.08  # taken from an account for each digit of its number
    form_bonus: float = 0.35  # added under the heading of a form of company that is named, taken under another's
    named_act_bonus: float = 0.25  # added to the fused score of passages of an act that the question names
    chart_bonus: float = 0.3  # added to rows of the chart when the question asks for an account
    class_bonus: float = 0.4  # added to accounts of the kind that is asked for ("compte de charge"), taken from others
    heading_bonus: float = 0.2  # added to passages whose own heading the question covers wholly
    national_malus: float = 0.2  # taken from one country's law when the question does not name that country
    aside_malus: float = 0.35  # taken from guides and doctrine, which repeat the law in other words
    sample_malus: float = 0.35  # taken from samples, so that a text in force comes before its summary
    chart_malus: float = 0.3  # taken from rows of the chart when no account is asked for
    aside_account_malus: float = 0.3  # taken from accounts that stand against others, where none is asked for
    rest_account_malus: float = 0.3  # taken from accounts of what has none of its own ("autres frais")
    other_plan_malus: float = 0.5  # taken from accounts of a chart that was not asked for
    max_query_terms: int = 64
    max_per_locator: int = 3  # passages of one article or heading
    max_per_document: int = 5  # passages of one guide or sample; a law is one document, and its articles count alone
    is_merged: bool = True  # near-duplicates are one; False where a search asks for its own number of passages
    duplicate_overlap: float = 0.9  # share of common words above which two passages are one
    sentence_cache_mb: int = 96  # vectors of sentences kept in memory: of some 12,000 articles by the built-in model
    query_cache_entries: int = 1_024
    # evidence
    evidence: EvidenceModel = field(default_factory=EvidenceModel)  # where there are vectors
    lexical_evidence: EvidenceModel = field(default_factory=EvidenceModel)  # where there are none
    evidence_threshold: float = 0.5  # the models' biases are such that this is it
    official_share: float = 0.8  # of the best sample's score that the best text must reach to come before it
    official_margin: float = 0.2  # by which texts may fall short of samples and still come before them
    # index
    compaction_ratio: float = 0.10  # deleted share above which the full text is rewritten
    idle_compaction_s: float = 30.0  # quiet time after which any deletion is compacted away
    follow_interval_s: float = 0.5
    embed_batch: int = 10  # texts in one batch for the model
    embed_cache_ttl_s: int = 30 * 86_400
    embed_deadline_s: float = 3.0  # after which a question goes on without its vector
    embed_load_s: float = 15.0  # the same before there was a first one, since a model may still load
    embed_pause_s: float = 10.0  # how long questions do without vectors after one had to
    is_reranked: bool = True  # False: candidates stay in the order in which they were found
    # cross-encoder
    n_reranked: int = 30  # passages that it reads
    rerank_deadline_s: float = 1.0  # after which the order stands as it is without it
    # answers that are kept
    answer_ttl_s: float = 86_400.0
    passing_ttl_s: float = 10.0  # of an answer that lacks something: for those who wait for it, and nobody later
    last_good_ttl_s: float = 30 * 86_400.0
    early_expiry: float = 1.0  # beta of XFetch: above 1 refreshes earlier
    flight_lease_s: float = 6.0  # after which a computing process that is gone is replaced
    flight_poll_s: float = 0.03
    flight_wait_s: float = 90.0  # longer than the longest answer
    # context and generation
    reading_deadline_s: float = 1.5  # how long a model's reading of an unclear question is waited for
    context_tokens: int = 3_000
    max_answer_sentences: int = 6
    answers: AnswerModels = field(default_factory=partial(answers_shipped, BUILTIN))  # where there are vectors
    lexical_answers: AnswerModels = field(default_factory=partial(answers_shipped, LEXICAL))  # where there are none


def calibrated(config: RagConfig, embedder: str) -> RagConfig:
    """Return the configuration with what is calibrated for an embedder; one without is fused by reciprocal rank.

    Its candidates are then ordered by the words alone, beside that rank. Raises ValueError for a broken file.
    """
    own, lexical = calibration_of(embedder), calibration_of(LEXICAL)
    if lexical is None:
        raise ValueError("the calibration for words alone is missing")
    found = own or lexical
    return replace(
        config,
        weights=found.fusion,
        rerank=found.rerank,
        is_calibrated=own is not None,
        # cosines of an embedder that nobody calibrated say nothing
        evidence=found.evidence,
        lexical_evidence=lexical.evidence,
        answers=found.answers,
        lexical_answers=lexical.answers,
    )


def configured() -> RagConfig:
    """Return the configuration that the settings describe."""
    return RagConfig(
        embed_batch=settings.KAURI_EMBED_BATCH,
        is_reranked=settings.KAURI_RERANKER != "none",
        rerank_deadline_s=settings.KAURI_RERANK_DEADLINE_S,
    )


def overridden(config: RagConfig, overrides: Overrides) -> RagConfig:
    """Return the configuration of one search: what it overrides replaced, weights of unknown legs left out."""
    config = replace(config, is_reranked=config.is_reranked and overrides.is_reranked)
    if overrides.n_passages is not None:
        # who measures or looks behind the curtain wants each passage where it was ranked
        config = replace(config, n_passages=overrides.n_passages, is_merged=False)
    known = {each.name for each in fields(FusionWeights)}
    weights = {leg: weight for leg, weight in overrides.weights if leg in known}
    if not weights:
        return config
    # a leg that counts twice as much when candidates are chosen does so when they are ordered
    before = {leg: getattr(config.weights, leg) for leg in weights}
    signs = {leg: getattr(config.rerank, leg) * weights[leg] / before[leg] for leg in weights if before[leg]}
    return replace(
        config,
        weights=replace(config.weights, **weights),
        rerank=replace(config.rerank, **signs),
        is_calibrated=True,
    )
