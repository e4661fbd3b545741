"""What a question is for, by rule."""

from __future__ import annotations

import re
from functools import lru_cache

from apps.rag import analysis
from apps.rag.types import Reference
from apps.rag.understanding.accountsasked import is_of_another_chart
from apps.rag.understanding.domain import belonging
from apps.rag.understanding.folded import fold

CONVERSATION = "general_conversation"
RAG_QUERY = "rag_query"
CLARIFICATION = "clarification"
DOCUMENT_SOURCING = "document_sourcing"
REFERENCE_SEARCH = "legal_reference_search"
CASE_LAW = "case_law_research"
OUT_OF_SCOPE = "out_of_scope"

_GREETING = re.compile(
    r"^(?:(?:bonjour|bonsoir|salut|coucou|hello|hi|hey|allo|salam|salutations?|good (?:morning|evening|afternoon)|merci"
    r"|thanks|thank you|thx|ok|okay|d'accord|entendu|compris|super|parfait|genial|cool|top|nickel"
    r"|au revoir|bye|goodbye|a (?:bientot|plus|demain)|bonne (?:journee|soiree|nuit)|beaucoup|bien|tout le monde|kauri"
    r"|a tous|monsieur|madame|cher|chere|ami|very much|a lot|so much|pour (?:ton|votre|ta) (?:aide|reponse)"
    r"|ca va|comment (?:ca va|vas[- ]tu|tu vas|allez[- ]vous|vous allez)|how are you|c'est (?:bon|clair|note))"
    r"\b[ ,.!?;:)]*)+$"
)
_ABOUT_KAURI = re.compile(
    r"\b(?:qui (?:es[- ]tu|etes[- ]vous)|tu es qui|vous etes qui|(?:que|qu'est[- ]ce que|quoi) (?:sais[- ]tu"
    r"|savez[- ]vous|peux[- ]tu|pouvez[- ]vous|tu sais|vous savez|tu peux|vous pouvez) faire"
    r"|comment (?:tu |vous )?(?:fonctionnes?|marches?)(?:[- ](?:tu|vous))?$|who are you|what can you do"
    r"|comment (?:t'appelles[- ]tu|tu t'appelles)|ton nom|your name|es[- ]tu (?:un robot|humain|une ia)"
    r"|(?:a quoi|en quoi) (?:tu sers|sers[- ]tu|peux[- ]tu m'aider))\b"
)
_OTHER_MATTERS = re.compile(
    r"\b(?:recettes? (?:de cuisine|du|de la|des|d[eu'] ?[a-z]+)|cuisin\w+|meteo|quel temps (?:fait|fera|va-t-il)"
    r"|football|match|chanson|blague|poeme|horoscope"
    r"|film|acteur|actrice|chanteu\w+|president (?:de la republique|des etats|americain|francais)|coupe du monde"
    r"|population d|habitants|capitale (?:de|du|des|d)\b|plus haute montagne|traduis|traduire en|code python"
    r"|javascript|devoir de maths|astrolog\w*|maladie|medicament|symptome)"
)
_TAX_RECEIPTS = re.compile(
    r"\brecettes? (?:fiscales?|publiques?|budgetaires?|annuelles?|journalieres?|professionnelles?|de l'etat"
    r"|des? (?:ventes?|l'exercice|l'etat))"
)
# Whoever asks of law, taxes or an office asks of this field, whatever else the question names.
_OF_LAW = re.compile(
    r"\b(?:droits?|lois?|legal\w*|juridi\w+|contrats?|impot\w*|impos\w+|tax\w+|fiscal\w*|tva|declar\w+|deduct\w*|societe\w*"
    r"|entreprise\w*|demarche\w*|dossier|permis|carte|aide|allocation\w*|assurance\w*|travail|salari\w+|employ\w+"
    r"|association\w*|licence\w*|compt\w+|subvention\w*|cotisation\w*|amende\w*|formalite\w*|autoris\w+|exoner\w+)\b"
)
_FOREIGN = (
    "france|belgique|suisse|canada|quebec|luxembourg|allemagne|espagne|portugal|italie|angleterre|royaume[- ]uni"
    "|irlande|pays[- ]bas|etats[- ]unis|usa|bresil|mexique|chine|japon|inde|russie|turquie|maroc|algerie"
    "|tunisie|egypte|nigeria|ghana|kenya|rwanda|burundi|madagascar|maurice|mauritanie|afrique du sud|ethiopie|angola"
    "|australie"
)
_FOREIGN_PLACE = re.compile(
    rf"\b(?:en|au|aux|a|de|du|d'|l') ?(?:l'|la )?(?:{_FOREIGN})\b|\b(?:droit|tva|code civil|impot) (?:francais|belge"
    r"|suisse|canadien|marocain|anglais|americain|europeen)e?\b"
)
_OHADA_PLACE = re.compile(
    r"\b(?:ohada|syscohada|etats? parties?|uemoa|cemac|benin|burkina|cameroun|centrafri\w+|comores|congo"
    r"|cote d'ivoire|gabon|guinee|mali|niger|rdc|senegal|tchad|togo|au[a-z]{1,6}gie|audcif|audcg|succursale|filiale"
    r"|conventions?|double imposition|etrang\w+|residen\w+|retenue a la source|fournisseurs?|prestataires?|clients?"
    r"|export\w*|import\w*|cgi)\b"
)
_CASE_LAW = re.compile(
    r"\bjurisprudence\w*\b|\b(?:ccja|juges?|cour|tribunaux|tribunal) (?:a|ont|avait|en a) (?:deja )?(?:juge|decide"
    r"|statue|tranche|dit)|\bque (?:dit|juge|decide) la ccja\b|\barrets? (?:de principe|recents?|importants?|celebres?"
    r"|rendus?|de la ccja (?:sur|en|concernant|relatif))"
    r"|\bdecisions? (?:de justice|de la ccja|importantes? |rendues?|recentes?)"
    r"|\b(?:quel\w+|des) decisions? (?:\w+ )?(?:traitent|abordent|parlent|concernent|portent)|\bcase law\b"
)
_TEXTS = (
    r"(?:textes?|documents?|sources?|supports?|referentiels?|actes? uniformes?|lois?|reglements?|articles?"
    r"|ouvrages?|guides?|fiches?|traites?)"
)
_SOURCING = re.compile(
    rf"\b(?:dans )?quel(?:le)?s? {_TEXTS}\b.{{0,30}}\b(?:traite\w*|regi\w+|parle\w*|expliqu\w+|decri\w+|couvr\w+"
    r"|liste\w*|concern\w+|organis\w+|encadr\w+|appliqu\w+|detaill\w+|prevoi\w+|reglement\w+|definiss\w+|fix\w+|est|sont)\b"
    rf"|\b(?:ou|comment) (?:puis-je |peut-on |est-ce que je peux )?(?:trouver|consulter|lire|telecharger|obtenir|voir)"
    rf" (?:le |la |les |l'|des |un |une )?{_TEXTS}"
    rf"|\bou (?:sont|est|se trouv\w+|figur\w+) (?:\w+ )?(?:le |la |les |l')?{_TEXTS}"
    rf"|\b(?:donne|montre|envoie|fournis)[- ]moi (?:le |la |les |l'|des )?{_TEXTS}"
    rf"|\bliste (?:des|de tous les) {_TEXTS}|\btelecharger\b|\bwhich (?:text|act|law|document)s?\b"
)
_CLARIFYING = re.compile(
    r"^(?:pardon|hein|quoi|comment ca|c'est[- ]a[- ]dire|je (?:n'ai |ne |n')?(?:comprends?|compris|saisis|vois)? ?pas"
    r"(?: (?:compris|tout compris|bien compris|clair))?|j'ai pas compris"
    r"|(?:peux[- ]tu|pouvez[- ]vous|tu peux|vous pouvez)? ?(?:me |m')?(?:precise\w*|reformule\w*|clarifi\w*"
    r"|explique\w*|redi\w+|resume\w*|detaille\w*|developp\w*|simplifi\w*)(?:[- ]moi)?"
    r"(?: (?:mieux|plus|ca|cela|encore|ta reponse|votre reponse|simplement|davantage|svp|s'il (?:te|vous) plait))*"
    r"|(?:avec |donne[- ](?:moi )?|as-tu )?(?:un |des )?exemples?|plus (?:de details|simplement|clairement|precis\w*)"
    r"|es[- ]tu sur|vous etes surs?|what do you mean|i don't understand|can you explain)[ ?!.,]*$"
)


@lru_cache(maxsize=2_048)
def intent_of(text: str, references: tuple[Reference, ...]) -> str:
    """Return the intent of a standalone question."""
    folded = fold(text).strip()
    if _GREETING.match(folded) or _ABOUT_KAURI.search(folded):
        return CONVERSATION
    if any(reference.kind == "case" for reference in references) or _CASE_LAW.search(folded):
        return CASE_LAW
    if is_of_another_chart(folded):
        return OUT_OF_SCOPE
    if references:
        n_words = len(analysis.words(text))
        return REFERENCE_SEARCH if n_words <= 4 + 2 * len(references) else RAG_QUERY
    if _CLARIFYING.match(folded):
        return CLARIFICATION
    if is_of_another_matter(folded) or is_of_another_law(folded):
        return OUT_OF_SCOPE
    return DOCUMENT_SOURCING if _SOURCING.search(folded) else RAG_QUERY


def is_of_another_matter(folded: str) -> bool:
    """Tell whether a folded question asks for something that no law or account has a part in."""
    if not _OTHER_MATTERS.search(_TAX_RECEIPTS.sub(" ", folded)):
        return False
    return not (_OF_LAW.search(folded) or belonging(folded).own)


def is_of_another_law(folded: str) -> bool:
    """Tell whether a folded question asks for the law of a country that is no member state, and of none that is."""
    return bool(_FOREIGN_PLACE.search(folded)) and not _OHADA_PLACE.search(folded)
