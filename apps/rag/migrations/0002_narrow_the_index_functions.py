"""What runs with the owner's rights does only what it is for, and only for the role that serves.

Where the serving role has another name, `manage.py up` or the operator grants it EXECUTE on both; until the role
`kauri_app` exists, everybody may call them, which the checks inside make harmless.
"""

from django.db import migrations

CREATE = """
CREATE OR REPLACE FUNCTION rag_hnsw_create(wanted bigint, n_dimensions integer) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM rag_index WHERE id = wanted AND dimension = n_dimensions) THEN
        RAISE EXCEPTION 'there is no index % of dimension %', wanted, n_dimensions USING ERRCODE = 'no_data_found';
    END IF;
    EXECUTE format(
        'CREATE INDEX IF NOT EXISTS rag_embedding_hnsw_%s ON rag_embedding '
        'USING hnsw ((vector::halfvec(%s)) halfvec_cosine_ops) WHERE index_id = %s',
        wanted, n_dimensions, wanted);
END $$;
"""
DROP = """
CREATE OR REPLACE FUNCTION rag_hnsw_drop(wanted bigint) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM rag_index WHERE id = wanted AND state = 'live') THEN
        RAISE EXCEPTION 'index % is live', wanted USING ERRCODE = 'object_in_use';
    END IF;
    EXECUTE format('DROP INDEX IF EXISTS rag_embedding_hnsw_%s', wanted);
END $$;
"""
RIGHTS = """
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'kauri_app') THEN
        REVOKE EXECUTE ON FUNCTION rag_hnsw_create(bigint, integer), rag_hnsw_drop(bigint) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION rag_hnsw_create(bigint, integer), rag_hnsw_drop(bigint) TO kauri_app;
    END IF;
END $$;
"""
OPEN = "GRANT EXECUTE ON FUNCTION rag_hnsw_create(bigint, integer), rag_hnsw_drop(bigint) TO PUBLIC"


class Migration(migrations.Migration):
    dependencies = [("rag", "0001_initial")]
    operations = [
        migrations.RunSQL(CREATE, migrations.RunSQL.noop),
        migrations.RunSQL(DROP, migrations.RunSQL.noop),
        migrations.RunSQL(RIGHTS, OPEN),
    ]
