import time
from datetime import date, timedelta
from uuid import UUID

import pytest
from django.core.cache import caches

from apps.accounts.types import ANONYMOUS, Principal
from apps.knowledge import heartbeat, selectors, services
from apps.knowledge.announced import announce
from apps.knowledge.errors import UnknownNamespace
from apps.knowledge.models import DocumentVersion, IngestionJob, Passage
from apps.knowledge.reader import outline_near, passage_shown
from apps.knowledge.seeds import NAMESPACES
from apps.knowledge.tests.people import ARTICLES, Cast, add, add_ready
from apps.knowledge.types import ReaderWindow
from apps.rag.types import Arriving, InForce, Span
from kauri.lib import clock
from kauri.lib.errors import NotFound


def _marked(window: ReaderWindow) -> str:
    lines = [line for passage in window.passages for line in passage.lines]
    return "|".join(run.text for line in lines for run in line if run.is_marked)


def test_a_scope_holds_all_collections_the_own_organisations_and_today(cast: Cast) -> None:
    owner = cast.principals["owner"]
    scope = selectors.scope_for(owner)
    assert set(scope.namespaces) == {seed.slug for seed in NAMESPACES}
    assert (scope.organisation_ids, scope.as_of, scope.country) == (owner.organisation_ids, clock.today(), None)
    narrow = selectors.scope_for(owner, namespaces=["doctrine"], as_of=date(2015, 1, 1), country="SN")
    assert (narrow.namespaces, narrow.as_of, narrow.country) == (("doctrine",), date(2015, 1, 1), "SN")
    with pytest.raises(UnknownNamespace):
        selectors.scope_for(owner, namespaces=["doctrine", "nowhere"])


def test_the_reader_marks_exactly_the_span(curator: Principal) -> None:
    added = add_ready(curator, code="DEMO")
    text = DocumentVersion.objects.get().plain_text
    quote = "signés par tous les associés"
    start = text.index(quote)
    window = selectors.reader_window(curator, added.version_id, start, start + len(quote))
    assert _marked(window) == quote
    (target,) = [passage for passage in window.passages if passage.is_target]
    assert (target.locator, window.reference, window.target_ordinal) == ("DEMO, art. 2", "DEMO, art. 2", target.ordinal)
    neighbours = [passage.locator for passage in window.passages if not passage.is_target]
    assert "DEMO, art. 1" in neighbours
    assert "DEMO, art. 3" in neighbours


def test_a_span_over_two_passages_is_marked_in_both(curator: Principal) -> None:
    added = add_ready(curator, code="DEMO")
    first, second = Passage.objects.filter(locator__in=["DEMO art. 1", "DEMO art. 2"]).order_by("ordinal")
    window = selectors.reader_window(curator, added.version_id, first.span_end - 8, second.span_start + 7)
    assert sum(passage.is_target for passage in window.passages) == 2
    assert _marked(window) == f"{first.text[-8:]}|{second.text[:7]}"


def test_a_mark_keeps_its_place_over_lines_and_blank_lines() -> None:
    passage = Passage(version_id=UUID(int=1), text="première\n\ndeuxième ligne\nfin", span_start=100, span_end=129)
    start = 100 + passage.text.index("ligne")
    shown = passage_shown(passage, code="", version=InForce(None, None), span=Span(start, start + 9), is_target=True)
    marked = [[run.text for run in line if run.is_marked] for line in shown.lines]
    assert marked == [[], ["ligne"], ["fin"]]
    assert ["".join(run.text for run in line) for line in shown.lines] == ["première", "deuxième ligne", "fin"]


def test_a_row_of_the_former_chart_is_shown_with_its_own_days(curator: Principal) -> None:
    chart = "compte,libelle,plan\n10,CAPITAL,SYSCOHADA revise 2017\n10,Capital,ancien plan\n"
    said = {"code": "PCO", "kind": "chart", "plan": "column:plan", "in_force_from": date(2018, 1, 1)}
    added = add_ready(curator, chart, **said)
    shown = {}
    for passage in Passage.objects.filter(locator__startswith="Compte 10"):
        window = selectors.reader_window(curator, added.version_id, passage.span_start, passage.span_end)
        shown[passage.plan] = (window.standing, window.in_force_start, window.in_force_last_day)
    assert shown == {
        "syscohada-revise": ("in_force", date(2018, 1, 1), None),
        "syscohada-ancien": ("repealed", date(2001, 1, 1), date(2017, 12, 31)),
    }


@pytest.mark.parametrize(("start", "end"), [(0, 0), (-5, -1), (10**11, 10**12), (5, 2)])
def test_a_position_that_means_nothing_shows_the_nearest_passage(curator: Principal, start: int, end: int) -> None:
    added = add_ready(curator)
    window = selectors.reader_window(curator, added.version_id, start, end)
    assert sum(passage.is_target for passage in window.passages) == 1
    assert _marked(window) == ""


def test_next_and_previous_lead_through_the_whole_text(curator: Principal) -> None:
    added = add_ready(curator)
    window = selectors.reader_window(curator, added.version_id, 0, 0)
    assert window.previous_url == ""
    seen = [window.target_ordinal]
    while window.next_url:
        start, end = (int(part.split("=")[1]) for part in window.next_url.split("#")[0].split("?")[1].split("&"))
        window = selectors.reader_window(curator, added.version_id, start, end)
        seen.append(window.target_ordinal)
    assert seen == list(Passage.objects.order_by("ordinal").values_list("ordinal", flat=True))


@pytest.mark.parametrize(
    ("start", "end", "standing"),
    [
        (None, None, "undated"),
        (-10, None, "in_force"),
        (-10, 10, "ending"),
        (-10, 0, "repealed"),
        (1, None, "upcoming"),
        (0, None, "in_force"),
    ],
)
def test_the_badge_tells_how_the_text_stands_today(
    curator: Principal, start: int | None, end: int | None, standing: str
) -> None:
    day = clock.today()
    added = add_ready(
        curator,
        in_force_from=day + timedelta(days=start) if start is not None else None,
        in_force_to=day + timedelta(days=end) if end is not None else None,
    )
    window = selectors.reader_window(curator, added.version_id, 0, 0)
    assert window.standing == standing
    assert window.in_force_last_day == (day + timedelta(days=end - 1) if end is not None else None)


@pytest.mark.parametrize(
    ("who", "may"),
    [("owner", True), ("colleague", True), ("curator", False), ("stranger", False), ("nobody", False)],
)
def test_only_members_read_a_text_of_their_organisation(cast: Cast, who: str, may: bool) -> None:
    firm = cast.owner.memberships.get().organisation_id
    added = add_ready(cast.principals["owner"], organisation_id=firm)
    principal = cast.principals[who]
    if may:
        assert selectors.reader_window(principal, added.version_id, 0, 0).is_shared is False
        assert selectors.job_get(principal, added.job_id).pk == added.job_id
        return
    for refused in (
        lambda: selectors.reader_window(principal, added.version_id, 0, 0),
        lambda: selectors.job_get(principal, added.job_id),
        lambda: selectors.document_get(principal, added.document_id),
    ):
        with pytest.raises(NotFound):
            refused()


def test_the_shared_base_is_read_by_all_who_are_signed_in_and_managed_by_curators(cast: Cast) -> None:
    added = add_ready(cast.principals["curator"])
    for who in ("owner", "stranger", "curator"):
        assert selectors.reader_window(cast.principals[who], added.version_id, 0, 0).is_shared
    with pytest.raises(NotFound):
        selectors.reader_window(ANONYMOUS, added.version_id, 0, 0)
    with pytest.raises(NotFound):
        selectors.document_get(cast.principals["stranger"], added.document_id)


def test_drafts_are_for_curators_and_withdrawn_texts_stay_readable(cast: Cast) -> None:
    curator, stranger = cast.principals["curator"], cast.principals["stranger"]
    added = add_ready(curator, publish=False)
    assert selectors.reader_window(curator, added.version_id, 0, 0).standing == "draft"
    with pytest.raises(NotFound):
        selectors.reader_window(stranger, added.version_id, 0, 0)
    services.version_publish(principal=curator, version_id=added.version_id)
    services.version_withdraw(principal=curator, version_id=added.version_id)
    assert selectors.reader_window(stranger, added.version_id, 0, 0).standing == "withdrawn"


def test_a_version_that_is_not_read_yet_is_not_there(curator: Principal) -> None:
    with pytest.raises(NotFound):
        selectors.reader_window(curator, add(curator).version_id, 0, 0)
    with pytest.raises(NotFound):
        selectors.reader_window(curator, UUID(int=1), 0, 0)


def test_hidden_passages_are_not_shown_and_corrections_are_marked(curator: Principal) -> None:
    added = add_ready(curator, code="DEMO")
    second = Passage.objects.get(locator="DEMO art. 2")
    third = Passage.objects.get(locator="DEMO art. 3")
    services.passage_correct(principal=curator, passage_id=second.pk, edited_text="", is_hidden=True)
    services.passage_correct(principal=curator, passage_id=third.pk, edited_text="Corrigé.", is_hidden=False)
    window = selectors.reader_window(curator, added.version_id, second.span_start, second.span_end)
    shown = {passage.locator: passage for passage in window.passages}
    assert "DEMO, art. 2" not in shown
    assert shown["DEMO, art. 3"].is_edited
    assert shown["DEMO, art. 3"].lines[0][0].text == "Corrigé."


def test_the_history_lists_the_versions_that_the_reader_may_open(cast: Cast) -> None:
    curator = cast.principals["curator"]
    first = add_ready(curator, code="DEMO", in_force_from=date(2000, 1, 1))
    add_ready(curator, ARTICLES + "\nArticle 4\nUn de plus.", code="DEMO", in_force_from=date(2010, 1, 1))
    add_ready(curator, ARTICLES + "\nArticle 5\nBrouillon.", code="DEMO", publish=False)
    for who, n_versions in (("stranger", 2), ("curator", 3)):
        window = selectors.reader_window(cast.principals[who], first.version_id, 0, 0)
        assert len(window.versions) == n_versions
    assert [(version.number, version.is_current) for version in window.versions][-1] == (1, True)
    assert window.versions[-1].standing == "repealed"
    assert window.versions[-1].last_day == date(2009, 12, 31)


def test_the_outline_opens_only_the_branch_that_is_read() -> None:
    outline = [("A", 1, 0), ("A1", 2, 5), ("A2", 2, 10), ("B", 1, 20), ("B1", 2, 25), ("B1a", 3, 27), ("B2", 2, 30)]
    shown = outline_near(outline, 26, UUID(int=1))
    assert [heading.title for heading in shown] == ["A", "B", "B1", "B1a", "B2"]
    assert [heading.title for heading in shown if heading.is_current] == ["B1"]
    assert [heading.title for heading in outline_near(outline, 0, UUID(int=1))] == ["A", "A1", "A2", "B"]
    assert outline_near([], 5, UUID(int=1)) == ()


def test_what_is_being_imported_is_counted_within_the_scope(cast: Cast) -> None:
    owner, stranger, curator = (cast.principals[name] for name in ("owner", "stranger", "curator"))
    scope = selectors.scope_for(owner)
    add_ready(curator, code="DEMO")
    assert selectors.texts_arriving(scope) == Arriving(0, 0)
    add(curator, "Article 1\nUn texte.", code="A")
    add(owner, "Article 1\nUn autre texte.", organisation_id=owner.organisation_ids[0])
    add(curator, "Article 1\nUn brouillon.", code="B", publish=False)
    add(curator, "Article 1\nLe texte d'un État.", code="C", country="SN")
    assert selectors.texts_arriving(scope) == Arriving(3, 1)
    assert selectors.texts_arriving(selectors.scope_for(stranger)) == Arriving(2, 1)
    assert selectors.texts_arriving(selectors.scope_for(stranger, country="CI")) == Arriving(1, 1)
    assert selectors.texts_arriving(selectors.scope_for(owner, namespaces=["doctrine"])) == Arriving(0, 0)


def test_an_import_that_failed_is_not_said_to_be_on_its_way(cast: Cast) -> None:
    scope = selectors.scope_for(cast.principals["owner"])
    added = add(cast.principals["curator"], code="A")
    job = IngestionJob.objects.filter(pk=added.job_id)
    job.update(failure_count=1)
    assert selectors.texts_arriving(scope) == Arriving(0, 0)
    job.update(state=IngestionJob.State.RUNNING)
    assert selectors.texts_arriving(scope) == Arriving(1, 0)


def test_what_is_announced_is_on_its_way_before_the_ledger_knows_of_it(cast: Cast) -> None:
    scope = selectors.scope_for(cast.principals["owner"])
    announce(12)
    try:
        assert selectors.texts_arriving(scope) == Arriving(12, 0)
        add(cast.principals["curator"], code="A")
        # it is in the ledger, and its importer has not said so yet
        assert selectors.texts_arriving(scope) == Arriving(12, 0)
        announce(11)
        assert selectors.texts_arriving(scope) == Arriving(12, 0)
    finally:
        announce(0)
    assert selectors.texts_arriving(scope) == Arriving(1, 0)


def test_an_import_that_nobody_works_on_is_not_on_its_way(cast: Cast) -> None:
    scope = selectors.scope_for(cast.principals["owner"])
    job = IngestionJob.objects.filter(pk=add(cast.principals["curator"], code="A").job_id)
    assert selectors.texts_arriving(scope) == Arriving(1, 0)
    long_ago = clock.now() - timedelta(days=3)
    job.update(created_at=long_ago)
    assert selectors.texts_arriving(scope) == Arriving(0, 0)
    job.update(state=IngestionJob.State.RUNNING, lease_until=long_ago)
    assert selectors.texts_arriving(scope) == Arriving(0, 0)
    # a command works on it without a worker
    job.update(lease_until=clock.now() + timedelta(minutes=1))
    assert selectors.texts_arriving(scope) == Arriving(1, 0)


def test_an_old_import_is_on_its_way_while_a_worker_lives(cast: Cast) -> None:
    scope = selectors.scope_for(cast.principals["owner"])
    job = IngestionJob.objects.filter(pk=add(cast.principals["curator"], code="A").job_id)
    job.update(created_at=clock.now() - timedelta(days=3))
    caches["state"].set(heartbeat.KEY, time.time(), timeout=60)
    try:
        assert selectors.texts_arriving(scope) == Arriving(1, 0)
    finally:
        caches["state"].delete(heartbeat.KEY)
