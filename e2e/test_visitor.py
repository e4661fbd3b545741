"""A visitor's way through Kauri in a real Chromium: sign up, ask, watch, check the source."""

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from e2e.browser import PHONE, Visitor, open_browser
from e2e.stack import PASSWORD, Stack

SUGGESTION = "Quel est le capital minimum d’une SARL ?"
UNANSWERABLE = "Quelle est la capitale de l’Australie ?"
_numbers = count(1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as running:
        yield running


def new_visitor(browser: Browser, stack: Stack, **profile: Any) -> Visitor:
    return Visitor(browser, stack.url, **profile)


def signed_up(browser: Browser, stack: Stack, **profile: Any) -> Visitor:
    """Return a visitor who came in by a suggested question and has read its answer."""
    visitor = new_visitor(browser, stack, **profile)
    visitor.page.goto("/")
    visitor.page.get_by_role("button", name=SUGGESTION).click()
    visitor.sign_up(f"visiteuse{next(_numbers)}@example.com", PASSWORD)
    visitor.page.wait_for_url("**/c/*/")
    assert visitor.wait_for_answer() == "completed"
    return visitor


def test_a_visitor_signs_up_asks_and_reads_the_cited_passage(browser: Browser, stack: Stack) -> None:
    visitor = new_visitor(browser, stack)
    page = visitor.page
    page.goto("/")
    assert visitor.is_accessible()
    page.get_by_role("button", name=SUGGESTION).click()

    page.wait_for_url("**/accounts/signup/**")
    expect(page.get_by_text("Votre question vous attend")).to_be_visible()
    assert visitor.is_accessible()
    visitor.sign_up("visiteuse@example.com", PASSWORD)

    page.wait_for_url("**/c/*/")
    expect(page.get_by_role("heading", name=SUGGESTION).first).to_be_visible()
    assert visitor.wait_for_answer() == "completed"
    expect(page.locator("[data-prose]")).to_contain_text("million")
    assert visitor.is_accessible()

    page.locator(".cite").first.click()
    card = page.locator("[data-source='1']")
    expect(card).to_have_class(re.compile("is-active"))
    expect(card.locator("h4 a")).to_be_focused()
    quote = card.locator("mark").inner_text()
    card.locator("h4 a").click()

    page.wait_for_url("**/texts/**")
    expect(page.locator("#passage")).to_be_in_viewport()
    marked = " ".join(page.locator("#passage mark").all_inner_texts())
    assert " ".join(quote.split()) == " ".join(marked.split())
    assert visitor.is_accessible()
    page.get_by_role("link", name="Retour à la réponse").click()
    page.wait_for_url("**/c/*/")
    assert visitor.complaints == []


def test_a_refusal_is_a_page_of_its_own(browser: Browser, stack: Stack) -> None:
    visitor = signed_up(browser, stack, color_scheme="dark")
    assert visitor.ask(UNANSWERABLE) == "refused"
    expect(visitor.page.locator(".refusal h3").last).to_be_visible()
    assert visitor.page.locator("[data-answer]").last.locator(".cite").count() == 0
    assert visitor.is_accessible()


def test_on_a_phone_the_sources_are_a_dialog(browser: Browser, stack: Stack) -> None:
    visitor = signed_up(browser, stack, viewport=PHONE, has_touch=True, is_mobile=True)
    page = visitor.page
    assert visitor.is_accessible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    cite = page.locator(".cite").first
    cite.click()
    sheet = page.get_by_role("dialog", name="Sources")
    expect(sheet).to_be_visible()
    expect(sheet.locator("[data-source='1'] h4 a")).to_be_focused()
    assert visitor.is_accessible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(cite).to_be_focused()


def test_on_a_phone_the_composer_leaves_the_answer_its_screen_until_it_is_used(browser: Browser, stack: Stack) -> None:
    visitor = signed_up(browser, stack, viewport=PHONE, has_touch=True, is_mobile=True)
    page = visitor.page
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    composer, scope = page.locator("#ask"), page.locator(".composer-scope")
    box = composer.bounding_box()
    last = page.locator("[data-answer] .actions").last.bounding_box()
    assert box
    assert last
    assert box["height"] < PHONE["height"] / 8
    assert last["y"] + last["height"] <= box["y"]
    expect(scope).to_have_css("height", "1px")
    page.locator("#q").tap()
    expect(scope).not_to_have_css("height", "1px")
    page.keyboard.press("Tab")
    expect(scope.locator("summary").first).to_be_focused()
    expect(scope).not_to_have_css("height", "1px")
    assert visitor.is_accessible()


def test_a_session_that_ended_costs_no_word(browser: Browser, stack: Stack) -> None:
    visitor = signed_up(browser, stack)
    page = visitor.page
    visitor.context.clear_cookies(name="sessionid")
    page.fill("#q", "Une question que je ne veux pas retaper")
    page.press("#q", "Enter")
    expect(page.get_by_role("alert")).to_contain_text("Votre session a expiré")
    expect(page.locator("#q")).to_have_value("Une question que je ne veux pas retaper")
    assert visitor.is_accessible()
    page.get_by_role("alert").get_by_role("link", name="Se connecter").click()
    page.wait_for_url("**/accounts/login/**")
    page.go_back()
    kept = page.evaluate("Object.values(localStorage)")
    assert kept == ["Une question que je ne veux pas retaper"]


def test_a_question_that_waited_behind_sign_up_is_no_draft_any_more(browser: Browser, stack: Stack) -> None:
    visitor = new_visitor(browser, stack)
    page = visitor.page
    page.goto("/")
    page.get_by_role("link", name="Créer un compte").wait_for()
    page.fill("#q", f"  {SUGGESTION} ")
    page.get_by_role("button", name="Demander").click()
    visitor.sign_up(f"visiteuse{next(_numbers)}@example.com", PASSWORD)
    page.wait_for_url("**/c/*/")
    visitor.wait_for_answer()
    page.goto("/")
    expect(page.locator("#q")).to_have_value("")


def test_a_question_on_its_way_shows_at_once_until_its_page_is_there(browser: Browser, stack: Stack) -> None:
    visitor = signed_up(browser, stack)
    page = visitor.page
    page.goto("/")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/v1/chat/query", hold)
    page.fill("#q", SUGGESTION)
    page.press("#q", "Enter")
    expect(page.locator("#ask")).to_have_attribute("aria-busy", "true", timeout=500)
    page.evaluate(
        "new MutationObserver(() => { sessionStorage.wasIdle = '1'; })"
        ".observe(document.querySelector('#ask'), { attributeFilter: ['aria-busy'] })"
    )
    held[0].continue_()
    page.wait_for_url("**/c/*/")
    assert page.evaluate("sessionStorage.wasIdle") is None


def test_at_the_end_of_a_long_answer_its_question_is_still_in_sight(browser: Browser, stack: Stack) -> None:
    visitor = signed_up(browser, stack, viewport={"width": 1280, "height": 560})
    visitor.ask("Quelle écriture pour un achat de marchandises à crédit, avec TVA ?")
    top, bar = visitor.page.evaluate(
        "[[...document.querySelectorAll('.question')].at(-1), document.querySelector('.bar')]"
        ".map((each) => each.getBoundingClientRect()).map((box, at) => at ? box.bottom : box.top)"
    )
    assert top >= bar


def test_everything_works_without_script(browser: Browser, stack: Stack) -> None:
    visitor = new_visitor(browser, stack, java_script_enabled=False)
    page = visitor.page
    page.goto("/")
    page.get_by_role("button", name=SUGGESTION).click()
    visitor.sign_up("sans-script@example.com", PASSWORD)
    page.wait_for_url("**/c/*/")
    expect(page.locator("[data-state='completed']")).to_have_count(1, timeout=30_000)
    page.fill("#q", "Où se trouve le siège de l’OHADA ?")
    page.get_by_role("button", name="Demander").click()
    expect(page.locator("[data-state='completed']")).to_have_count(2, timeout=30_000)
    page.locator(".cite").last.click()
    expect(page.locator("[data-source='1']").last).to_be_visible()


def test_no_address_of_a_stranger_opens(browser: Browser, stack: Stack) -> None:
    owner, stranger = signed_up(browser, stack), signed_up(browser, stack)
    response = stranger.page.goto(owner.page.url)
    assert response is not None
    assert response.status == 404
    assert stranger.is_accessible()
