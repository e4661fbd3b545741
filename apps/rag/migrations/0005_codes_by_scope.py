"""Says of a narrow row in plain values who may read it, so that an index alone tells the rows of a scope.

Where nothing is said, everybody may (the zero UUID, no country) and always (both infinities): "is null or" would be
asked of every row, and no index could answer it.
"""

from django.db import migrations, models

# Only this module's own words are put into the statements.
# ruff: noqa: S608

_EVERYBODYS = "00000000-0000-0000-0000-000000000000"
_FOLLOW = """
CREATE OR REPLACE FUNCTION rag_code_put() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO rag_embeddingcode
        (embedding_id, index_id, entry_id, namespace, organisation_id, country, starts, ends, is_live, signs)
    SELECT NEW.id, NEW.index_id, e.id, e.namespace, {scope_of_e},
        e.state = 'live' AND NOT isempty(e.in_force), binary_quantize(NEW.vector)
    FROM rag_indexentry e WHERE e.id = NEW.entry_id
    ON CONFLICT (embedding_id) DO UPDATE SET
        index_id = EXCLUDED.index_id, entry_id = EXCLUDED.entry_id, signs = EXCLUDED.signs;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION rag_code_follow() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE rag_embeddingcode SET namespace = NEW.namespace,
        (organisation_id, country, starts, ends) = ROW({scope_of_new}),
        is_live = NEW.state = 'live' AND NOT isempty(NEW.in_force)
    WHERE entry_id = NEW.id;
    RETURN NULL;
END $$;
"""
_PLAIN = (
    f"coalesce({{0}}.organisation_id, '{_EVERYBODYS}'), coalesce({{0}}.country, ''),"
    " coalesce(lower({0}.in_force), '-infinity'), coalesce(upper({0}.in_force), 'infinity')"
)
_NULLS = "{0}.organisation_id, {0}.country, lower({0}.in_force), upper({0}.in_force)"
SAID = (
    _FOLLOW.format(scope_of_e=_PLAIN.format("e"), scope_of_new=_PLAIN.format("NEW"))
    + f"""
UPDATE rag_embeddingcode SET organisation_id = coalesce(organisation_id, '{_EVERYBODYS}'),
    country = coalesce(country, ''), starts = coalesce(starts, '-infinity'), ends = coalesce(ends, 'infinity');
"""
)
UNSAID = (
    _FOLLOW.format(scope_of_e=_NULLS.format("e"), scope_of_new=_NULLS.format("NEW"))
    + f"""
UPDATE rag_embeddingcode SET organisation_id = nullif(organisation_id, '{_EVERYBODYS}'),
    country = nullif(country, ''), starts = nullif(starts, '-infinity'), ends = nullif(ends, 'infinity');
"""
)


class Migration(migrations.Migration):
    dependencies = [
        ("rag", "0004_revisions_and_codes"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="embeddingcode", name="rag_code_scope"),
        migrations.RunSQL(SAID, UNSAID),
        migrations.AlterField("embeddingcode", "organisation_id", models.UUIDField()),
        migrations.AlterField("embeddingcode", "country", models.CharField(max_length=2)),
        migrations.AlterField("embeddingcode", "starts", models.DateField()),
        migrations.AlterField("embeddingcode", "ends", models.DateField()),
        migrations.AddIndex(
            model_name="embeddingcode",
            index=models.Index(
                condition=models.Q(("is_live", True)),
                fields=["index_id", "namespace", "organisation_id", "starts", "ends"],
                name="rag_code_scope",
            ),
        ),
    ]
