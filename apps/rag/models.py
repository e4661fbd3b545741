"""The engine's tables: what is searchable, its vectors, and the log that every index follows."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _
from pgvector.django import HalfVectorField


class Index(models.Model):
    """One set of vectors: an embedder, its weights and dimension, and the analysis that came with it."""

    class State(models.TextChoices):
        """Life of an index: filled, then searched, then kept until it is dropped."""

        BUILDING = "building"
        LIVE = "live"
        RETIRED = "retired"

    embedder = models.CharField(max_length=120)
    revision = models.CharField(max_length=120, blank=True, default="")
    dimension = models.PositiveIntegerField()
    analysis_revision = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.BUILDING)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "indexes"
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=models.Q(state="live"), name="rag_index_one_live"),
        ]

    def __str__(self) -> str:
        return f"{self.embedder} ({self.state})"


class IndexEntry(models.Model):
    """A passage as the engine knows it: its words and everything that scope and citation need."""

    class State(models.TextChoices):
        """Only live entries are ever found."""

        STAGED = "staged"
        LIVE = "live"
        WITHDRAWN = "withdrawn"

    passage_id = models.UUIDField(unique=True)
    document_id = models.UUIDField()
    version_id = models.UUIDField(db_index=True)
    namespace = models.CharField(max_length=60)
    organisation_id = models.UUIDField(null=True)
    country = models.CharField(max_length=2, null=True)
    kind = models.CharField(max_length=20)
    code = models.CharField(max_length=40, blank=True)
    document_title = models.TextField()
    locator = models.TextField(blank=True)
    heading_path = ArrayField(models.TextField(), default=list)
    ordinal = models.PositiveIntegerField()
    page = models.PositiveIntegerField(null=True)
    span_start = models.PositiveIntegerField()
    span_end = models.PositiveIntegerField()
    in_force = DateRangeField()
    plan = models.CharField(max_length=40, blank=True)
    text = models.TextField()
    # "references" is a reserved word of SQL
    references = ArrayField(models.TextField(), default=list, db_column="reference_keys")
    search_text = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.STAGED)

    class Meta:
        verbose_name_plural = "index entries"
        indexes = [
            GinIndex(fields=["references"], name="rag_entry_references"),
            models.Index(fields=["namespace", "id"], name="rag_entry_namespace"),
        ]

    def __str__(self) -> str:
        return f"{self.locator} ({self.state})"


class Embedding(models.Model):
    """An entry's vector in one index, and the vectors of its sentences.

    `sentence_vectors` is a C-ordered float16 array (n_sentences, dimension); `vector` has the index's dimension.
    """

    index = models.ForeignKey(Index, on_delete=models.CASCADE, related_name="embeddings")
    entry = models.ForeignKey(IndexEntry, on_delete=models.CASCADE, related_name="embeddings")
    vector = HalfVectorField()
    sentence_vectors = models.BinaryField(default=bytes)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["index", "entry"], name="rag_embedding_one_per_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.index_id}/{self.entry_id}"


class SignBits(models.Field):  # type: ignore[type-arg]  # nothing in Python ever holds its value
    """The signs of a vector, one bit each; written and compared inside PostgreSQL alone."""

    def db_type(self, connection: object) -> str:
        """Name a type without a length: each index has a dimension of its own."""
        return "bit varying"


class EmbeddingCode(models.Model):
    """What a scan of few passages reads in place of whole vectors: signs and scope, in a narrow row.

    Triggers keep it level with the embedding and its entry, whoever writes them, inside the same transaction. That it
    stands apart keeps a withdrawal from moving rows that an HNSW index points to.
    """

    embedding_id = models.BigIntegerField(primary_key=True)
    index_id = models.BigIntegerField()
    entry_id = models.BigIntegerField(db_index=True)
    namespace = models.CharField(max_length=60)
    # Everybody's is the zero UUID's, of every country is of none, and what has no first or last day has infinity:
    # SQL compares it, and Python has no such date to read it into.
    organisation_id = models.UUIDField()
    country = models.CharField(max_length=2)
    starts = models.DateField()
    ends = models.DateField()
    is_live = models.BooleanField()
    signs = SignBits()

    class Meta:
        indexes = [
            models.Index(
                fields=["index_id", "namespace", "organisation_id", "starts", "ends"],
                # all that a scan reads: it never looks at the rows themselves
                include=["country", "signs", "embedding_id", "entry_id"],
                condition=models.Q(is_live=True),
                name="rag_code_scope",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.index_id}/{self.entry_id}"


class VectorFollower(models.Model):
    """How far a vector store outside PostgreSQL follows the change log, and which index's vectors it holds."""

    store = models.CharField(max_length=200, primary_key=True)
    index_id = models.BigIntegerField(default=0)
    seq = models.BigIntegerField(default=0)
    log_identity = models.CharField(max_length=40, blank=True, default="")
    # where a filling that was interrupted goes on
    filled_to = models.BigIntegerField(default=0)
    is_complete = models.BooleanField(default=False)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.store} {self.seq}"


class IndexChange(models.Model):
    """What derived indexes must repeat. `seq` is drawn under an advisory lock: its order is the commit order."""

    class Operation(models.TextChoices):
        """Put repeats the entry as it now is; delete forgets it."""

        PUT = "put"
        DELETE = "delete"

    seq = models.BigAutoField(primary_key=True)
    # no foreign key: the log outlives the entry that it tells of
    entry_id = models.BigIntegerField()
    operation = models.CharField(max_length=6, choices=Operation)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.seq} {self.operation} {self.entry_id}"


class NamespaceRevision(models.Model):
    """When what a namespace's readers can find last changed (microseconds): in the key of every cached answer."""

    namespace = models.CharField(max_length=60, primary_key=True)
    revision = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.namespace} {self.revision}"


class LexiconEntry(models.Model):
    """A curator's addition to the lexicon that comes with Kauri: what people say, and what the texts say for it."""

    class Register(models.TextChoices):
        """Whose word it is."""

        EVERYDAY = "everyday", _("everyday word")
        PROFESSIONAL = "professional", _("professionals' word")
        LEGAL = "legal", _("legal term")
        ACRONYM = "acronym", _("acronym")

    said = models.CharField(_("what people say"), max_length=120, unique=True)
    meant = ArrayField(models.CharField(max_length=200), verbose_name=_("what the texts say"))
    register = models.CharField(_("register"), max_length=12, choices=Register, default=Register.EVERYDAY)
    is_active = models.BooleanField(_("used in search"), default=True)
    note = models.TextField(_("note"), blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("word of the lexicon")
        verbose_name_plural = _("lexicon")
        ordering = ["said"]

    def __str__(self) -> str:
        return self.said
