"""Which weights an index was made with, the narrow rows that a scan reads, and how far outside stores follow.

A vector column stays inside its row: out of line, each distance would cost another look-up. Sentence vectors stay out
of it, and are not compressed, which halves do not take to.
"""

from django.db import migrations, models

import apps.rag.models

HNSW_CREATE = """
CREATE OR REPLACE FUNCTION rag_hnsw_create(wanted bigint, n_dimensions integer) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM rag_index WHERE id = wanted AND dimension = n_dimensions) THEN
        RAISE EXCEPTION 'there is no index % of dimension %', wanted, n_dimensions USING ERRCODE = 'no_data_found';
    END IF;
    EXECUTE format(
        'CREATE INDEX IF NOT EXISTS rag_embedding_hnsw_%s ON rag_embedding '
        'USING hnsw ((vector::halfvec(%s)) halfvec_cosine_ops) WITH (m = 16, ef_construction = 128) '
        'WHERE index_id = %s',
        wanted, n_dimensions, wanted);
END $$;
"""
STORAGE = """
ALTER TABLE rag_embedding ALTER COLUMN vector SET STORAGE PLAIN, ALTER COLUMN sentence_vectors SET STORAGE EXTERNAL
"""
STORAGE_BEFORE = """
ALTER TABLE rag_embedding ALTER COLUMN vector SET STORAGE EXTERNAL, ALTER COLUMN sentence_vectors SET STORAGE EXTENDED
"""
CODES = """
CREATE FUNCTION rag_code_put() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO rag_embeddingcode
        (embedding_id, index_id, entry_id, namespace, organisation_id, country, starts, ends, is_live, signs)
    SELECT NEW.id, NEW.index_id, e.id, e.namespace, e.organisation_id, e.country, lower(e.in_force), upper(e.in_force),
        e.state = 'live' AND NOT isempty(e.in_force), binary_quantize(NEW.vector)
    FROM rag_indexentry e WHERE e.id = NEW.entry_id
    ON CONFLICT (embedding_id) DO UPDATE SET
        index_id = EXCLUDED.index_id, entry_id = EXCLUDED.entry_id, signs = EXCLUDED.signs;
    RETURN NULL;
END $$;
CREATE FUNCTION rag_code_follow() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE rag_embeddingcode SET namespace = NEW.namespace, organisation_id = NEW.organisation_id,
        country = NEW.country, starts = lower(NEW.in_force), ends = upper(NEW.in_force),
        is_live = NEW.state = 'live' AND NOT isempty(NEW.in_force)
    WHERE entry_id = NEW.id;
    RETURN NULL;
END $$;
CREATE FUNCTION rag_code_remove() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM rag_embeddingcode WHERE embedding_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER rag_code_put AFTER INSERT OR UPDATE OF vector, index_id, entry_id ON rag_embedding
    FOR EACH ROW EXECUTE FUNCTION rag_code_put();
CREATE TRIGGER rag_code_remove AFTER DELETE ON rag_embedding FOR EACH ROW EXECUTE FUNCTION rag_code_remove();
CREATE TRIGGER rag_code_follow AFTER UPDATE OF namespace, organisation_id, country, in_force, state ON rag_indexentry
    FOR EACH ROW WHEN ((OLD.namespace, OLD.organisation_id, OLD.country, OLD.in_force, OLD.state)
        IS DISTINCT FROM (NEW.namespace, NEW.organisation_id, NEW.country, NEW.in_force, NEW.state))
    EXECUTE FUNCTION rag_code_follow();
INSERT INTO rag_embeddingcode
    (embedding_id, index_id, entry_id, namespace, organisation_id, country, starts, ends, is_live, signs)
SELECT v.id, v.index_id, e.id, e.namespace, e.organisation_id, e.country, lower(e.in_force), upper(e.in_force),
    e.state = 'live' AND NOT isempty(e.in_force), binary_quantize(v.vector)
FROM rag_embedding v JOIN rag_indexentry e ON e.id = v.entry_id;
"""
NO_CODES = """
DROP TRIGGER rag_code_put ON rag_embedding;
DROP TRIGGER rag_code_remove ON rag_embedding;
DROP TRIGGER rag_code_follow ON rag_indexentry;
DROP FUNCTION rag_code_put();
DROP FUNCTION rag_code_follow();
DROP FUNCTION rag_code_remove();
"""
# Before this, every index of the built-in model was made with the only weights that there were.
REVISIONS = "UPDATE rag_index SET revision = '1' WHERE embedder = 'use-multilingual-3'"
# There was a live index for each embedder; the one that came last is searched, the others wait to be dropped.
ONE_LIVE = """
UPDATE rag_index SET state = 'retired' WHERE state = 'live' AND id <> (
    SELECT id FROM rag_index WHERE state = 'live' ORDER BY changed_at DESC, id DESC LIMIT 1)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("rag", "0003_namespace_revisions_and_lexicon"),
    ]

    operations = [
        migrations.CreateModel(
            name="EmbeddingCode",
            fields=[
                ("embedding_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("index_id", models.BigIntegerField()),
                ("entry_id", models.BigIntegerField(db_index=True)),
                ("namespace", models.CharField(max_length=60)),
                ("organisation_id", models.UUIDField(null=True)),
                ("country", models.CharField(max_length=2, null=True)),
                ("starts", models.DateField(null=True)),
                ("ends", models.DateField(null=True)),
                ("is_live", models.BooleanField()),
                ("signs", apps.rag.models.SignBits()),
            ],
        ),
        migrations.CreateModel(
            name="VectorFollower",
            fields=[
                ("store", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("index_id", models.BigIntegerField(default=0)),
                ("seq", models.BigIntegerField(default=0)),
                ("log_identity", models.CharField(blank=True, default="", max_length=40)),
                ("filled_to", models.BigIntegerField(default=0)),
                ("is_complete", models.BooleanField(default=False)),
                ("changed_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="index",
            name="rag_index_one_live_per_embedder",
        ),
        migrations.AddField(
            model_name="index",
            name="revision",
            field=models.CharField(blank=True, default="", max_length=120),
        ),
        migrations.RunSQL(REVISIONS, migrations.RunSQL.noop),
        migrations.RunSQL(ONE_LIVE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="index",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "live")), fields=("state",), name="rag_index_one_live"
            ),
        ),
        migrations.AddIndex(
            model_name="embeddingcode",
            index=models.Index(
                condition=models.Q(("is_live", True)),
                fields=["index_id", "namespace", "organisation_id"],
                name="rag_code_scope",
            ),
        ),
        migrations.RunSQL(HNSW_CREATE, migrations.RunSQL.noop),
        migrations.RunSQL(STORAGE, STORAGE_BEFORE),
        migrations.RunSQL(CODES, NO_CODES),
    ]
