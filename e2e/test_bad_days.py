"""A slow, a broken and an absent model; a lost network; Stop: what a reader sees in a real Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from apps.rag.tests.providers import ProviderServer, serve
from e2e.browser import Visitor, open_browser
from e2e.stack import PASSWORD, Stack, until

QUESTIONS = (
    "Quel est le capital minimum d’une SARL ?",
    "Quelles sont les différences entre une SARL et une SA ?",
    "Que comprend un jeu complet d’états financiers annuels ?",
)


@pytest.fixture(scope="module")
def provider() -> Iterator[ProviderServer]:
    with serve("slow", delay_s=0.3) as server:
        yield server


@pytest.fixture(scope="module")
def slow_stack(provider: ProviderServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    env = {"DEEPSEEK_API_KEY": "only the loopback sees it", "DEEPSEEK_BASE_URL": provider.url}
    running = Stack(tmp_path_factory.mktemp("slow"), env=env).start()
    try:
        imported = running.var_dir / "run" / "samples"
        until(lambda: not imported.exists(), timeout_s=120, what="the sample documents were imported")
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as running:
        yield running


@pytest.fixture
def visitor(browser: Browser, slow_stack: Stack, provider: ProviderServer, request: pytest.FixtureRequest) -> Visitor:
    provider.mode, provider.delay_s = "slow", 0.3
    came = Visitor(browser, slow_stack.url)
    came.page.goto("/accounts/signup/")
    came.sign_up(f"{request.node.name.replace('_', '')}@example.com", PASSWORD)
    came.page.wait_for_url("**/")
    return came


def begin(visitor: Visitor, question: str) -> None:
    """Ask on the start page and wait until the answer is seen under way."""
    visitor.page.fill("#q", question)
    visitor.page.press("#q", "Enter")
    visitor.page.wait_for_url("**/c/*/")
    expect(visitor.page.locator("[data-stream]")).to_have_count(1)


def test_an_answer_is_seen_while_it_is_written(visitor: Visitor) -> None:
    begin(visitor, QUESTIONS[1])
    page = visitor.page
    expect(page.get_by_role("button", name="Arrêter")).to_be_visible()
    expect(page.get_by_text("Question comprise")).to_be_visible()
    assert visitor.is_accessible()
    assert visitor.wait_for_answer() == "completed"
    lengths = page.evaluate("window.lengthsSeen")
    assert lengths, "the text was never seen under way"
    assert lengths == sorted(lengths), "a text that was shown was taken back"
    expect(page.locator("[data-status]")).to_contain_text("Réponse terminée")
    expect(page.get_by_role("button", name="Demander")).to_be_visible()
    assert visitor.complaints == []


def test_stop_keeps_what_was_written_and_offers_to_run_again(visitor: Visitor, provider: ProviderServer) -> None:
    provider.delay_s = 3
    begin(visitor, QUESTIONS[0])
    page = visitor.page
    page.locator("#q").focus()
    page.keyboard.press("Escape")
    assert visitor.wait_for_answer() == "stopped"
    expect(page.locator(".stopped")).to_contain_text("Arrêtée")
    assert visitor.is_accessible()
    provider.delay_s = 0.01
    page.get_by_role("button", name="Refaire").click()
    page.wait_for_function("() => document.querySelector('[data-state=completed]')")
    expect(page.locator("[data-turn]")).to_have_count(1)


def test_a_second_question_waits_in_its_field(visitor: Visitor, provider: ProviderServer) -> None:
    provider.delay_s = 1
    begin(visitor, QUESTIONS[0])
    page = visitor.page
    page.fill("#q", QUESTIONS[2])
    page.press("#q", "Enter")
    expect(page.get_by_role("alert")).to_contain_text("Une réponse est déjà en cours ici.")
    expect(page.locator("#q")).to_have_value(QUESTIONS[2])
    page.reload()
    expect(page.locator("#q")).to_have_value(QUESTIONS[2])


def test_a_lost_network_costs_no_word_of_the_answer(visitor: Visitor, provider: ProviderServer) -> None:
    provider.delay_s = 1
    begin(visitor, QUESTIONS[1])
    page = visitor.page
    visitor.context.set_offline(True)
    expect(page.get_by_text("Vous êtes hors ligne.")).to_be_visible()
    page.wait_for_timeout(1500)
    visitor.context.set_offline(False)
    expect(page.get_by_text("Vous êtes hors ligne.")).to_be_hidden()
    assert visitor.wait_for_answer() == "completed"
    expect(page.locator("[data-prose]")).not_to_be_empty()
    expect(page.locator(".cite").first).to_be_visible()


def test_a_model_that_is_down_leaves_the_words_of_the_texts(visitor: Visitor, provider: ProviderServer) -> None:
    provider.mode = "fails"
    page = visitor.page
    page.fill("#q", QUESTIONS[0])
    page.press("#q", "Enter")
    page.wait_for_url("**/c/*/")
    assert visitor.wait_for_answer() == "completed"
    expect(page.locator(".degraded")).to_contain_text("Réponse par extraits seulement.")
    expect(page.locator("[data-prose]")).to_contain_text("million")
    assert visitor.is_accessible()
