"""What a question is for, by rule."""

from __future__ import annotations

import re

from apps.rag import analysis
from apps.rag.types import Reference
from kauri.lib.text import fold

CONVERSATION = "general_conversation"
RAG_QUERY = "rag_query"
REFERENCE_SEARCH = "legal_reference_search"
OUT_OF_SCOPE = "out_of_scope"

_GREETING = re.compile(
    r"^(?:(?:bonjour|bonsoir|salut|coucou|hello|hi|hey|allo|salam|merci|thanks|thank you|ok|d'accord|super|parfait"
    r"|au revoir|bye|a bientot|bonne (?:journee|soiree|nuit)|beaucoup|bien|tout le monde|kauri|a tous|monsieur|madame"
    r"|ca va|comment (?:ca va|vas[- ]tu|allez[- ]vous)|how are you)\b[ ,.!?;]*)+$"
)
_ABOUT_KAURI = re.compile(
    r"\b(?:qui (?:es[- ]tu|etes[- ]vous)|(?:que|qu'est[- ]ce que) (?:sais[- ]tu|savez[- ]vous|peux[- ]tu"
    r"|pouvez[- ]vous|tu sais|vous savez) faire"
    r"|comment (?:tu |vous )?(?:fonctionnes?|marches?)(?:[- ](?:tu|vous))?$|who are you|what can you do"
    r"|comment t'appelles[- ]tu|ton nom)\b"
)
_OTHER_MATTERS = re.compile(
    r"\b(?:recettes? (?:de cuisine|du|de la|des|d[eu'] ?[a-z]+)|cuisin\w+|meteo|quel temps (?:fait|fera)|football"
    r"|match|chanson|blague|poeme|horoscope"
    r"|film|acteur|actrice|chanteu\w+|president (?:de la republique|des etats|americain|francais)|coupe du monde"
    r"|population d|habitants|capitale (?:de|du|des|d)\b|plus haute montagne|traduis|traduire en|code python"
    r"|javascript)"
)
_TAX_RECEIPTS = re.compile(
    r"\brecettes? (?:fiscales?|publiques?|budgetaires?|annuelles?|journalieres?|professionnelles?|de l'etat"
    r"|des? (?:ventes?|l'exercice))"
)
_FOREIGN = (
    "france|belgique|suisse|canada|quebec|luxembourg|allemagne|espagne|portugal|italie|angleterre|royaume[- ]uni"
    "|irlande|pays[- ]bas|etats[- ]unis|usa|bresil|mexique|chine|japon|inde|russie|turquie|maroc|algerie"
    "|tunisie|egypte|nigeria|ghana|kenya|rwanda|burundi|madagascar|maurice|mauritanie|afrique du sud|ethiopie|angola"
    "|australie"
)
_FOREIGN_PLACE = re.compile(
    rf"\b(?:en|au|aux|a|de|du|d'|l') ?(?:l'|la )?(?:{_FOREIGN})\b|\bdroit (?:francais|belge|suisse|canadien"
    rf"|marocain|anglais|americain|europeen)\b"
)
_OHADA_PLACE = re.compile(
    r"\b(?:ohada|syscohada|etats? parties?|uemoa|cemac|benin|burkina|cameroun|centrafri\w+|comores|congo"
    r"|cote d'ivoire|gabon"
    r"|guinee|mali|niger|rdc|senegal|tchad|togo|au[a-z]{1,6}gie|audcif|audcg|succursale|convention fiscale)\b"
)


def intent_of(text: str, references: tuple[Reference, ...]) -> str:
    """Return the intent of a standalone question."""
    folded = fold(text).strip()
    if _GREETING.match(folded) or _ABOUT_KAURI.search(folded):
        return CONVERSATION
    if references:
        n_words = len(analysis.words(text))
        return REFERENCE_SEARCH if n_words <= 4 + 2 * len(references) else RAG_QUERY
    if _OTHER_MATTERS.search(_TAX_RECEIPTS.sub(" ", folded)):
        return OUT_OF_SCOPE
    if _FOREIGN_PLACE.search(folded) and not _OHADA_PLACE.search(folded):
        return OUT_OF_SCOPE
    return RAG_QUERY
