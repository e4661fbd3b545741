import json
import os
import time
import zipfile
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.core.management import CommandError, call_command

from apps.knowledge import batch, heartbeat
from apps.knowledge.announced import announce, n_announced
from apps.knowledge.models import Document, DocumentVersion, IngestionJob, Passage
from apps.knowledge.tests.people import ARTICLES

pytestmark = pytest.mark.django_db

ROW = {"namespace": "references", "kind": "law"}


def _folder(root: Path, rows: list[dict[str, Any]], files: dict[str, bytes | str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    manifest = root / "kauri_manifest.jsonl"
    manifest.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return manifest


def _run(*arguments: object) -> tuple[dict[str, Any], int]:
    out = StringIO()
    code = 0
    try:
        call_command("kb_import", *map(str, arguments), "--json", stdout=out)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return json.loads(out.getvalue()), code


def test_a_folder_with_its_manifest_is_imported_and_one_bad_file_stops_nothing(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"file": "acte.md", "code": "DEMO", "title": "Acte", "in_force_from": "2014-05-05", "plan": None, **ROW},
        {"file": "sous/broken.pdf", **ROW},
        {"file": "classeur.xlsx", **ROW},
        {"file": "absent.md", **ROW},
    ]
    files: dict[str, bytes | str] = {
        "acte.md": ARTICLES,
        "sous/broken.pdf": b"%PDF-1.7 nothing",
        "classeur.xlsx": b"PK\x03\x04 not really",
        "vide.md": b"",
        ".hidden.md": ARTICLES,
        "manifest.jsonl": b"{}",
    }
    manifest = _folder(tmp_path, rows, files)
    summary, code = _run(tmp_path, "--manifest", manifest)
    found = {file["label"]: (file["result"], file["reason_code"]) for file in summary["files"]}
    assert found == {
        "acte.md": ("added", ""),
        "sous/broken.pdf": ("failed", "file_broken"),
        "classeur.xlsx": ("failed", "unsupported_format"),
        "vide.md": ("failed", "metadata_invalid"),
        "absent.md": ("failed", "metadata_invalid"),
    }
    assert all(file["reason"] for file in summary["files"] if file["result"] == "failed")
    assert (summary["added"], summary["failed"], code) == (1, 4, 1)
    version = DocumentVersion.objects.get(document__code="DEMO")
    assert (version.title, version.state, str(version.in_force.lower)) == ("Acte", "published", "2014-05-05")
    assert summary["n_passages"] == Passage.objects.count()


def test_an_import_takes_back_what_was_announced_for_it(tmp_path: Path) -> None:
    manifest = _folder(tmp_path, [{"file": "acte.md", "code": "DEMO", **ROW}], {"acte.md": ARTICLES})
    announce(12)
    _run(tmp_path, "--manifest", manifest)
    assert n_announced() == 0


@pytest.mark.parametrize("row", [{"code": "DEMO"}, {"title": "Un acte"}, {}], ids=["code", "title", "name"])
def test_only_what_is_not_there_yet_is_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: dict[str, str]
) -> None:
    said: list[int] = []
    monkeypatch.setattr("apps.knowledge.announced.announce", said.append)
    rows = [{"file": "acte.md", **row, **ROW}, {"file": "loi.md", "code": "LOI", **ROW}]
    files: dict[str, bytes | str] = {"acte.md": ARTICLES, "loi.md": f"{ARTICLES}\nArticle 4\nUn de plus."}
    manifest = _folder(tmp_path, rows[:1], {"acte.md": files["acte.md"]})
    _run(tmp_path, "--manifest", manifest)
    assert max(said) == 1
    said.clear()
    _run(tmp_path, "--manifest", manifest)
    assert max(said) == 0
    manifest = _folder(tmp_path, rows, files)
    _run(tmp_path, "--manifest", manifest)
    assert max(said) == 1


def test_the_same_command_again_changes_nothing(tmp_path: Path) -> None:
    manifest = _folder(tmp_path, [{"file": "acte.md", "code": "DEMO", **ROW}], {"acte.md": ARTICLES})
    _run(tmp_path, "--manifest", manifest)
    summary, code = _run(tmp_path, "--manifest", manifest)
    assert (summary["unchanged"], summary["added"], code) == (1, 0, 0)
    assert DocumentVersion.objects.count() == 1


def test_a_failed_file_is_tried_again_by_the_same_command(tmp_path: Path) -> None:
    manifest = _folder(tmp_path, [{"file": "acte.md", **ROW}], {"acte.md": ARTICLES})
    _run(tmp_path, "--manifest", manifest)
    IngestionJob.objects.update(state="failed", reason_code="internal")
    summary, code = _run(tmp_path, "--manifest", manifest)
    assert (summary["added"], code) == (1, 0)


def test_a_name_composed_otherwise_in_the_manifest_is_the_same_file(tmp_path: Path) -> None:
    manifest = _folder(tmp_path, [{"file": "d\u00e9cret.md", "code": "D", **ROW}], {"de\u0301cret.md": ARTICLES})
    summary, _code = _run(tmp_path, "--manifest", manifest)
    assert summary["added"] == 1
    assert Document.objects.get().code == "D"


def test_options_say_what_a_single_file_is(tmp_path: Path) -> None:
    path = tmp_path / "texte.md"
    path.write_text(ARTICLES, encoding="utf-8")
    options = ["--namespace", "doctrine", "--code", "abc", "--title", "Un titre", "--kind", "guide", "--country", "sn"]
    _summary, code = _run(path, *options, "--in-force-from", "2018-01-01")
    document = Document.objects.get()
    assert (document.namespace_id, document.code, document.title, document.kind, document.country, code) == (
        "doctrine",
        "ABC",
        "Un titre",
        "guide",
        "SN",
        0,
    )


def test_a_file_of_which_nobody_said_where_it_belongs_fails_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "texte.md"
    path.write_text(ARTICLES, encoding="utf-8")
    summary, code = _run(path)
    (file,) = summary["files"]
    assert (file["result"], code) == ("failed", 1)
    assert "--namespace" in file["reason"]
    summary, code = _run(path, "--namespace", "nulle_part")
    (file,) = summary["files"]
    assert (file["reason_code"], code) == ("namespace_unknown", 1)
    assert "nulle_part" in file["reason"]
    assert "syscohada_revise" in file["reason"]


def test_odd_files_hang_nothing_and_stop_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tube.md")
    (tmp_path / "texte.md").write_text(ARTICLES, encoding="utf-8")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/d\xe9cret.md")).write_text(ARTICLES + "\n", encoding="utf-8")
    (tmp_path / "abime.odt").write_bytes(_damaged_zip())
    summary, code = _run(tmp_path, tmp_path / "tube.md", "--namespace", "doctrine")
    results = {file["label"]: (file["result"], file["reason_code"]) for file in summary["files"]}
    assert results == {
        "abime.odt": ("failed", "unsupported_format"),
        "d?cret.md": ("added", ""),
        "texte.md": ("added", ""),
        "tube.md": ("failed", "metadata_invalid"),
    }
    assert code == 1


def _damaged_zip() -> bytes:
    """Return a zip whose one compressed entry does not expand: reading it raises what zlib raises."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text" * 9)
    raw = bytearray(made.getvalue())
    start = raw.index(b"mimetype") + len("mimetype")
    raw[start : start + 8] = b"\xff" * 8
    return bytes(raw)


def test_in_a_log_each_file_has_one_line_and_what_failed_its_reason_below(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"file": "acte.md", **ROW}, {"file": "un/chemin/assez/long/pour/deux/lignes/du/journal.md", **ROW}]
    files: dict[str, bytes | str] = {
        rows[0]["file"]: ARTICLES,
        rows[1]["file"]: f"{ARTICLES}\nArticle 4\nUn de plus.",
        "[red]x.png": b"\x89PNG\r\n\x1a\n",
    }
    manifest = _folder(tmp_path, rows, files)
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("kb_import", str(tmp_path), "--manifest", str(manifest), "--namespace", "doctrine", stdout=out)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition("  ")[0] for line in lines] == ["1/3", "2/3", "3/3"]
    for name, said in (("acte.md", "ajouté, "), (rows[1]["file"], "ajouté, "), ("[red]x.png", "en échec")):
        assert sum(f"{name}\u00a0: {said}" in line for line in lines) == 1
    table = out.getvalue()
    assert "acte.md" not in table
    assert "[red]x.png" in table
    assert "image" in table
    assert "2 ajoutés, 1 en échec" in table.replace("\n", " ")


def test_on_a_terminal_the_table_names_each_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    manifest = _folder(tmp_path, [{"file": "acte.md", **ROW}], {"acte.md": ARTICLES})
    out = StringIO()
    call_command("kb_import", str(tmp_path), "--manifest", str(manifest), stdout=out)
    assert "acte.md" in out.getvalue()


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("not json", "1"),
        ('{"namespace": "x"}', "file"),
        ('{"file": "a.md", "in_force_from": "5 mai"}', "5 mai"),
        ("[]", "1"),
        ('{"file": "a.md", "title": 5}', "title"),
        ('{"file": "a.md", "code": ["X"]}', "code"),
        ('{"file": "a.md", "namespace": "a\\u0000b"}', "namespace"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused_by_line(tmp_path: Path, line: str, word: str) -> None:
    manifest = tmp_path / "m.jsonl"
    manifest.write_text(line, encoding="utf-8")
    with pytest.raises(CommandError, match=word):
        call_command("kb_import", str(tmp_path), "--manifest", str(manifest))


def test_an_empty_folder_and_a_title_for_many_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("kb_import", str(tmp_path), "--namespace", "doctrine")
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(ARTICLES, encoding="utf-8")
    with pytest.raises(CommandError, match="--title"):
        call_command("kb_import", str(tmp_path), "--namespace", "doctrine", "--title", "x")


def test_where_the_worker_goes_away_the_command_takes_the_work_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "_POLL_S", 0.01)
    caches["state"].set(heartbeat.KEY, time.time(), timeout=60)
    try:
        path = tmp_path / "texte.md"
        path.write_text(ARTICLES, encoding="utf-8")
        polls = 0

        def alive() -> bool:
            nonlocal polls
            polls += 1
            return polls < 4

        monkeypatch.setattr(heartbeat, "is_worker_alive", alive)
        summary, code = _run(path, "--namespace", "doctrine")
    finally:
        caches["state"].delete(heartbeat.KEY)
    assert (summary["added"], code) == (1, 0)
    assert polls == 4


def test_a_worker_is_alive_while_its_sign_is_fresh() -> None:
    state = caches["state"]
    try:
        assert heartbeat.is_worker_alive() is False
        state.set(heartbeat.KEY, time.time(), timeout=60)
        assert heartbeat.is_worker_alive() is True
        state.set(heartbeat.KEY, time.time() - heartbeat.FRESH_S - 1, timeout=60)
        assert heartbeat.is_worker_alive() is False
    finally:
        state.delete(heartbeat.KEY)


def test_ctrl_c_says_that_what_was_added_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_job_id: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(batch, "run_job", interrupted)
    manifest = _folder(tmp_path, [{"file": "acte.md", **ROW}], {"acte.md": ARTICLES})
    summary, code = _run(tmp_path, "--manifest", manifest)
    assert (summary["pending"], code) == (1, 130)
    assert capsys.readouterr().err
    monkeypatch.undo()
    summary, code = _run(tmp_path, "--manifest", manifest)
    assert (summary["added"], code) == (1, 0)


def test_the_samples_go_with_one_command(tmp_path: Path) -> None:
    path = tmp_path / "texte.md"
    path.write_text(ARTICLES, encoding="utf-8")
    _run(path, "--namespace", "doctrine", "--kind", "sample")
    out = StringIO()
    call_command("kb_remove_samples", stdout=out)
    assert "1" in out.getvalue()
    assert not Document.objects.exists()
