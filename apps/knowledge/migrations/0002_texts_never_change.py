"""What was read from a file never changes: citations point into it by character."""

from typing import ClassVar

from django.db import migrations

FORWARD = """
CREATE FUNCTION knowledge_text_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the text of % % never changes', TG_TABLE_NAME, OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER version_text_is_immutable BEFORE UPDATE ON knowledge_documentversion FOR EACH ROW
WHEN (OLD.sha256 IS DISTINCT FROM NEW.sha256
      OR (OLD.chunker_revision IS NOT NULL AND OLD.plain_text IS DISTINCT FROM NEW.plain_text))
EXECUTE FUNCTION knowledge_text_is_immutable();

CREATE TRIGGER passage_text_is_immutable BEFORE UPDATE ON knowledge_passage FOR EACH ROW
WHEN (OLD.text IS DISTINCT FROM NEW.text OR OLD.span_start <> NEW.span_start OR OLD.span_end <> NEW.span_end
      OR OLD.version_id <> NEW.version_id OR OLD.ordinal <> NEW.ordinal)
EXECUTE FUNCTION knowledge_text_is_immutable();
"""

BACKWARD = """
DROP TRIGGER passage_text_is_immutable ON knowledge_passage;
DROP TRIGGER version_text_is_immutable ON knowledge_documentversion;
DROP FUNCTION knowledge_text_is_immutable();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("knowledge", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(FORWARD, BACKWARD)]
