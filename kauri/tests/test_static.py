from typing import Any

import httpx

from kauri.static import with_static


async def _django(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def _get(path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=with_static(_django))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get(path)


async def test_our_files_and_those_of_the_apps_are_served_before_django() -> None:
    ours = await _get("/static/css/tokens.css")
    assert (ours.status_code, ours.headers["content-type"]) == (200, 'text/css; charset="utf-8"')
    assert "--paper" in ours.text
    assert (await _get("/static/unfold/css/styles.css")).status_code == 200


async def test_nothing_outside_the_folders_is_served() -> None:
    for path in ("/static/../manage.py", "/static/%2e%2e/manage.py", "/static/css/", "/"):
        assert (await _get(path)).status_code == 418
