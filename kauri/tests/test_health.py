"""What an orchestrator, a program and an operator read."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_process_says_that_it_lives(client: Client) -> None:
    response = client.get("/v1/health/live")
    assert response.status_code == 200
    assert response.json()["status"] == "ok"
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/v1/health", "/v1/health/ready"])
def test_it_is_ready_with_database_and_migrations(client: Client, path: str) -> None:
    response = client.get(path)
    checks = response.json()["checks"]
    assert response.status_code == 200
    assert {checks[name]["status"] for name in ("database", "migrations", "state", "cache")} == {"ok"}


def test_without_valkey_it_serves_on(client: Client, settings: object) -> None:
    settings.REDIS_STATE_URL = "unix:///nowhere/at/all.sock?db=0"  # type: ignore[attr-defined]  # the fixture is untyped
    response = client.get("/v1/health/ready")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["checks"]["state"]["status"] == "degraded"


def test_with_a_migration_missing_it_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db.migrations.recorder import MigrationRecorder

    from kauri import health

    monkeypatch.setattr(health, "_is_migrated", False)
    MigrationRecorder.Migration.objects.filter(app="chat").delete()
    response = client.get("/v1/health/ready")
    assert response.status_code == 503
    assert response.json()["checks"]["migrations"]["status"] == "failed"


def test_it_counts(client: Client) -> None:
    body = client.get("/v1/metrics").content.decode()
    for name in ("kauri_turns_total", "kauri_streams_open", "kauri_turn_seconds_bucket", "django_http_requests"):
        assert name in body


def test_the_schema_names_every_call_of_the_chat(client: Client) -> None:
    schema = client.get("/v1/schema?format=json").json()
    assert {
        "/v1/chat/query",
        "/v1/chat/stream",
        "/v1/chat/responses/{response_id}",
        "/v1/chat/responses/{response_id}/cancel",
        "/v1/chat/responses/{response_id}/regenerate",
        "/v1/chat/conversations",
        "/v1/chat/conversations/{conversation_id}",
    } <= set(schema["paths"])


def test_the_documentation_obeys_the_policy(client: Client) -> None:
    response = client.get("/v1/docs")
    page = response.content.decode()
    assert response.status_code == 200
    assert "<style" not in page
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    for script in page.split("<script")[1:]:
        assert script.startswith(' src="')
        assert script.split(">", 1)[1].startswith("</script>")
    script_response = client.get("/v1/docs?script=")
    assert script_response.headers["Content-Type"].startswith("application/javascript")
