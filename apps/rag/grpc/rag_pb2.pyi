from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SearchRequest(_message.Message):
    __slots__ = ("question", "explain")
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    question: Question
    explain: bool
    def __init__(self, question: _Optional[_Union[Question, _Mapping]] = ..., explain: _Optional[bool] = ...) -> None: ...

class SearchResponse(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: SearchResult
    def __init__(self, result: _Optional[_Union[SearchResult, _Mapping]] = ...) -> None: ...

class GenerateRequest(_message.Message):
    __slots__ = ("question",)
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    question: Question
    def __init__(self, question: _Optional[_Union[Question, _Mapping]] = ...) -> None: ...

class EmbedRequest(_message.Message):
    __slots__ = ("texts",)
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    texts: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, texts: _Optional[_Iterable[str]] = ...) -> None: ...

class EmbedResponse(_message.Message):
    __slots__ = ("dimension", "vectors", "model", "revision")
    DIMENSION_FIELD_NUMBER: _ClassVar[int]
    VECTORS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    dimension: int
    vectors: bytes
    model: str
    revision: str
    def __init__(self, dimension: _Optional[int] = ..., vectors: _Optional[bytes] = ..., model: _Optional[str] = ..., revision: _Optional[str] = ...) -> None: ...

class StatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StatusResponse(_message.Message):
    __slots__ = ("is_warm", "revision")
    IS_WARM_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    is_warm: bool
    revision: int
    def __init__(self, is_warm: _Optional[bool] = ..., revision: _Optional[int] = ...) -> None: ...

class Question(_message.Message):
    __slots__ = ("text", "scope", "history", "language", "overrides")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    text: str
    scope: Scope
    history: _containers.RepeatedScalarFieldContainer[str]
    language: str
    overrides: Overrides
    def __init__(self, text: _Optional[str] = ..., scope: _Optional[_Union[Scope, _Mapping]] = ..., history: _Optional[_Iterable[str]] = ..., language: _Optional[str] = ..., overrides: _Optional[_Union[Overrides, _Mapping]] = ...) -> None: ...

class Scope(_message.Message):
    __slots__ = ("namespaces", "organisation_ids", "as_of", "country")
    NAMESPACES_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_IDS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    COUNTRY_FIELD_NUMBER: _ClassVar[int]
    namespaces: _containers.RepeatedScalarFieldContainer[str]
    organisation_ids: _containers.RepeatedScalarFieldContainer[str]
    as_of: str
    country: str
    def __init__(self, namespaces: _Optional[_Iterable[str]] = ..., organisation_ids: _Optional[_Iterable[str]] = ..., as_of: _Optional[str] = ..., country: _Optional[str] = ...) -> None: ...

class Overrides(_message.Message):
    __slots__ = ("legs", "n_passages", "weights", "is_reranked")
    LEGS_FIELD_NUMBER: _ClassVar[int]
    N_PASSAGES_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    IS_RERANKED_FIELD_NUMBER: _ClassVar[int]
    legs: _containers.RepeatedScalarFieldContainer[str]
    n_passages: int
    weights: _containers.RepeatedCompositeFieldContainer[NamedNumber]
    is_reranked: bool
    def __init__(self, legs: _Optional[_Iterable[str]] = ..., n_passages: _Optional[int] = ..., weights: _Optional[_Iterable[_Union[NamedNumber, _Mapping]]] = ..., is_reranked: _Optional[bool] = ...) -> None: ...

class NamedNumber(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: float
    def __init__(self, name: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...

class SearchResult(_message.Message):
    __slots__ = ("understanding", "passages", "rankings", "evidence", "is_answerable", "refusal_reason", "degraded", "dropped", "index_revision", "timings_ms")
    UNDERSTANDING_FIELD_NUMBER: _ClassVar[int]
    PASSAGES_FIELD_NUMBER: _ClassVar[int]
    RANKINGS_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    IS_ANSWERABLE_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_REASON_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    INDEX_REVISION_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_MS_FIELD_NUMBER: _ClassVar[int]
    understanding: Understanding
    passages: _containers.RepeatedCompositeFieldContainer[RankedPassage]
    rankings: _containers.RepeatedCompositeFieldContainer[Ranking]
    evidence: float
    is_answerable: bool
    refusal_reason: str
    degraded: _containers.RepeatedScalarFieldContainer[str]
    dropped: int
    index_revision: int
    timings_ms: _containers.RepeatedCompositeFieldContainer[NamedNumber]
    def __init__(self, understanding: _Optional[_Union[Understanding, _Mapping]] = ..., passages: _Optional[_Iterable[_Union[RankedPassage, _Mapping]]] = ..., rankings: _Optional[_Iterable[_Union[Ranking, _Mapping]]] = ..., evidence: _Optional[float] = ..., is_answerable: _Optional[bool] = ..., refusal_reason: _Optional[str] = ..., degraded: _Optional[_Iterable[str]] = ..., dropped: _Optional[int] = ..., index_revision: _Optional[int] = ..., timings_ms: _Optional[_Iterable[_Union[NamedNumber, _Mapping]]] = ...) -> None: ...

class Understanding(_message.Message):
    __slots__ = ("intent", "references", "standalone", "labels", "is_unsure", "language", "as_of_hint")
    INTENT_FIELD_NUMBER: _ClassVar[int]
    REFERENCES_FIELD_NUMBER: _ClassVar[int]
    STANDALONE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    IS_UNSURE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    AS_OF_HINT_FIELD_NUMBER: _ClassVar[int]
    intent: str
    references: _containers.RepeatedCompositeFieldContainer[Reference]
    standalone: str
    labels: _containers.RepeatedScalarFieldContainer[str]
    is_unsure: bool
    language: str
    as_of_hint: str
    def __init__(self, intent: _Optional[str] = ..., references: _Optional[_Iterable[_Union[Reference, _Mapping]]] = ..., standalone: _Optional[str] = ..., labels: _Optional[_Iterable[str]] = ..., is_unsure: _Optional[bool] = ..., language: _Optional[str] = ..., as_of_hint: _Optional[str] = ...) -> None: ...

class Reference(_message.Message):
    __slots__ = ("key", "kind", "source", "number", "label", "is_explicit")
    KEY_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    IS_EXPLICIT_FIELD_NUMBER: _ClassVar[int]
    key: str
    kind: str
    source: str
    number: str
    label: str
    is_explicit: bool
    def __init__(self, key: _Optional[str] = ..., kind: _Optional[str] = ..., source: _Optional[str] = ..., number: _Optional[str] = ..., label: _Optional[str] = ..., is_explicit: _Optional[bool] = ...) -> None: ...

class RankedPassage(_message.Message):
    __slots__ = ("passage", "rank", "score", "leg_scores", "is_exact_reference")
    PASSAGE_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    LEG_SCORES_FIELD_NUMBER: _ClassVar[int]
    IS_EXACT_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    passage: Passage
    rank: int
    score: float
    leg_scores: _containers.RepeatedCompositeFieldContainer[NamedNumber]
    is_exact_reference: bool
    def __init__(self, passage: _Optional[_Union[Passage, _Mapping]] = ..., rank: _Optional[int] = ..., score: _Optional[float] = ..., leg_scores: _Optional[_Iterable[_Union[NamedNumber, _Mapping]]] = ..., is_exact_reference: _Optional[bool] = ...) -> None: ...

class Passage(_message.Message):
    __slots__ = ("entry_id", "passage_id", "document_id", "version_id", "namespace", "organisation_id", "country", "kind", "code", "document_title", "locator", "heading_path", "ordinal", "page", "span", "in_force", "plan", "text")
    ENTRY_ID_FIELD_NUMBER: _ClassVar[int]
    PASSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_ID_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    COUNTRY_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_TITLE_FIELD_NUMBER: _ClassVar[int]
    LOCATOR_FIELD_NUMBER: _ClassVar[int]
    HEADING_PATH_FIELD_NUMBER: _ClassVar[int]
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    SPAN_FIELD_NUMBER: _ClassVar[int]
    IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    entry_id: int
    passage_id: str
    document_id: str
    version_id: str
    namespace: str
    organisation_id: str
    country: str
    kind: str
    code: str
    document_title: str
    locator: str
    heading_path: _containers.RepeatedScalarFieldContainer[str]
    ordinal: int
    page: int
    span: Span
    in_force: InForce
    plan: str
    text: str
    def __init__(self, entry_id: _Optional[int] = ..., passage_id: _Optional[str] = ..., document_id: _Optional[str] = ..., version_id: _Optional[str] = ..., namespace: _Optional[str] = ..., organisation_id: _Optional[str] = ..., country: _Optional[str] = ..., kind: _Optional[str] = ..., code: _Optional[str] = ..., document_title: _Optional[str] = ..., locator: _Optional[str] = ..., heading_path: _Optional[_Iterable[str]] = ..., ordinal: _Optional[int] = ..., page: _Optional[int] = ..., span: _Optional[_Union[Span, _Mapping]] = ..., in_force: _Optional[_Union[InForce, _Mapping]] = ..., plan: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class Span(_message.Message):
    __slots__ = ("start", "end")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    start: int
    end: int
    def __init__(self, start: _Optional[int] = ..., end: _Optional[int] = ...) -> None: ...

class InForce(_message.Message):
    __slots__ = ("start", "end")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    start: str
    end: str
    def __init__(self, start: _Optional[str] = ..., end: _Optional[str] = ...) -> None: ...

class Ranking(_message.Message):
    __slots__ = ("leg", "hits", "elapsed_ms")
    LEG_FIELD_NUMBER: _ClassVar[int]
    HITS_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_MS_FIELD_NUMBER: _ClassVar[int]
    leg: str
    hits: _containers.RepeatedCompositeFieldContainer[Hit]
    elapsed_ms: float
    def __init__(self, leg: _Optional[str] = ..., hits: _Optional[_Iterable[_Union[Hit, _Mapping]]] = ..., elapsed_ms: _Optional[float] = ...) -> None: ...

class Hit(_message.Message):
    __slots__ = ("entry_id", "score")
    ENTRY_ID_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    entry_id: int
    score: float
    def __init__(self, entry_id: _Optional[int] = ..., score: _Optional[float] = ...) -> None: ...

class AnswerEvent(_message.Message):
    __slots__ = ("searching", "retrieved", "text_delta", "citation_added", "models_failed", "restarted", "refused", "grounded", "finished")
    SEARCHING_FIELD_NUMBER: _ClassVar[int]
    RETRIEVED_FIELD_NUMBER: _ClassVar[int]
    TEXT_DELTA_FIELD_NUMBER: _ClassVar[int]
    CITATION_ADDED_FIELD_NUMBER: _ClassVar[int]
    MODELS_FAILED_FIELD_NUMBER: _ClassVar[int]
    RESTARTED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    GROUNDED_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    searching: Searching
    retrieved: Retrieved
    text_delta: TextDelta
    citation_added: CitationAdded
    models_failed: ModelsFailed
    restarted: Restarted
    refused: Refused
    grounded: Grounded
    finished: Finished
    def __init__(self, searching: _Optional[_Union[Searching, _Mapping]] = ..., retrieved: _Optional[_Union[Retrieved, _Mapping]] = ..., text_delta: _Optional[_Union[TextDelta, _Mapping]] = ..., citation_added: _Optional[_Union[CitationAdded, _Mapping]] = ..., models_failed: _Optional[_Union[ModelsFailed, _Mapping]] = ..., restarted: _Optional[_Union[Restarted, _Mapping]] = ..., refused: _Optional[_Union[Refused, _Mapping]] = ..., grounded: _Optional[_Union[Grounded, _Mapping]] = ..., finished: _Optional[_Union[Finished, _Mapping]] = ...) -> None: ...

class Searching(_message.Message):
    __slots__ = ("understanding",)
    UNDERSTANDING_FIELD_NUMBER: _ClassVar[int]
    understanding: Understanding
    def __init__(self, understanding: _Optional[_Union[Understanding, _Mapping]] = ...) -> None: ...

class Retrieved(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: SearchResult
    def __init__(self, result: _Optional[_Union[SearchResult, _Mapping]] = ...) -> None: ...

class TextDelta(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class CitationAdded(_message.Message):
    __slots__ = ("citation",)
    CITATION_FIELD_NUMBER: _ClassVar[int]
    citation: Citation
    def __init__(self, citation: _Optional[_Union[Citation, _Mapping]] = ...) -> None: ...

class Citation(_message.Message):
    __slots__ = ("marker", "start_index", "end_index", "passage", "quote", "quote_span")
    MARKER_FIELD_NUMBER: _ClassVar[int]
    START_INDEX_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    PASSAGE_FIELD_NUMBER: _ClassVar[int]
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    QUOTE_SPAN_FIELD_NUMBER: _ClassVar[int]
    marker: int
    start_index: int
    end_index: int
    passage: Passage
    quote: str
    quote_span: Span
    def __init__(self, marker: _Optional[int] = ..., start_index: _Optional[int] = ..., end_index: _Optional[int] = ..., passage: _Optional[_Union[Passage, _Mapping]] = ..., quote: _Optional[str] = ..., quote_span: _Optional[_Union[Span, _Mapping]] = ...) -> None: ...

class ModelsFailed(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Restarted(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Refused(_message.Message):
    __slots__ = ("text", "reason", "nearest")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    NEAREST_FIELD_NUMBER: _ClassVar[int]
    text: str
    reason: str
    nearest: _containers.RepeatedCompositeFieldContainer[RankedPassage]
    def __init__(self, text: _Optional[str] = ..., reason: _Optional[str] = ..., nearest: _Optional[_Iterable[_Union[RankedPassage, _Mapping]]] = ...) -> None: ...

class Grounded(_message.Message):
    __slots__ = ("n_sentences", "n_dropped", "n_computed")
    N_SENTENCES_FIELD_NUMBER: _ClassVar[int]
    N_DROPPED_FIELD_NUMBER: _ClassVar[int]
    N_COMPUTED_FIELD_NUMBER: _ClassVar[int]
    n_sentences: int
    n_dropped: int
    n_computed: int
    def __init__(self, n_sentences: _Optional[int] = ..., n_dropped: _Optional[int] = ..., n_computed: _Optional[int] = ...) -> None: ...

class Finished(_message.Message):
    __slots__ = ("mode", "provider", "model", "usage", "degraded", "answered_at")
    MODE_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_AT_FIELD_NUMBER: _ClassVar[int]
    mode: str
    provider: str
    model: str
    usage: Usage
    degraded: _containers.RepeatedScalarFieldContainer[str]
    answered_at: str
    def __init__(self, mode: _Optional[str] = ..., provider: _Optional[str] = ..., model: _Optional[str] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., degraded: _Optional[_Iterable[str]] = ..., answered_at: _Optional[str] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("prompt_tokens", "completion_tokens")
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    prompt_tokens: int
    completion_tokens: int
    def __init__(self, prompt_tokens: _Optional[int] = ..., completion_tokens: _Optional[int] = ...) -> None: ...
