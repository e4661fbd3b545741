"""Lets a scan of a scope's narrow rows be answered by their index alone: looking up each row in the table took a
third of the scan's time at ten thousand rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rag", "0005_codes_by_scope"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="embeddingcode", name="rag_code_scope"),
        migrations.AddIndex(
            model_name="embeddingcode",
            index=models.Index(
                condition=models.Q(("is_live", True)),
                fields=["index_id", "namespace", "organisation_id", "starts", "ends"],
                include=["country", "signs", "embedding_id", "entry_id"],
                name="rag_code_scope",
            ),
        ),
    ]
