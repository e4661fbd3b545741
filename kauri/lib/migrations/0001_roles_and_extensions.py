"""What every later table stands on: the vector extension and the serving role's rights.

The extension is no trusted one: the launcher (or the operator, as superuser) creates it, and
this migration only says so early where it is missing. `kauri_app` serves and owns nothing.
"""

from django.db import migrations

RIGHTS = """
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'kauri_app') THEN
        GRANT USAGE ON SCHEMA public TO kauri_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO kauri_app;
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO kauri_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO kauri_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO kauri_app;
    END IF;
END
$$;
"""
WITHDRAWN = """
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'kauri_app') THEN
        ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM kauri_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM kauri_app;
    END IF;
END
$$;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL("CREATE EXTENSION IF NOT EXISTS vector", migrations.RunSQL.noop),
        migrations.RunSQL(RIGHTS, WITHDRAWN),
    ]
