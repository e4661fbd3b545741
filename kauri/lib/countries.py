"""The member states of OHADA, in the reader's language."""

from django.utils.translation import gettext_lazy

from kauri.lib.text import fold

# By ISO 3166-1 code.
COUNTRIES = {
    "BJ": gettext_lazy("Benin"),
    "BF": gettext_lazy("Burkina Faso"),
    "CM": gettext_lazy("Cameroon"),
    "CF": gettext_lazy("Central African Republic"),
    "KM": gettext_lazy("Comoros"),
    "CG": gettext_lazy("Congo"),
    "CI": gettext_lazy("Côte d’Ivoire"),
    "CD": gettext_lazy("Democratic Republic of the Congo"),
    "GQ": gettext_lazy("Equatorial Guinea"),
    "GA": gettext_lazy("Gabon"),
    "GN": gettext_lazy("Guinea"),
    "GW": gettext_lazy("Guinea-Bissau"),
    "ML": gettext_lazy("Mali"),
    "NE": gettext_lazy("Niger"),
    "SN": gettext_lazy("Senegal"),
    "TD": gettext_lazy("Chad"),
    "TG": gettext_lazy("Togo"),
}

# What a text of one state is said to be: French has an article of its own for each.
_OF_COUNTRIES = {
    "BJ": gettext_lazy("of Benin"),
    "BF": gettext_lazy("of Burkina Faso"),
    "CM": gettext_lazy("of Cameroon"),
    "CF": gettext_lazy("of the Central African Republic"),
    "KM": gettext_lazy("of the Comoros"),
    "CG": gettext_lazy("of Congo"),
    "CI": gettext_lazy("of Côte d’Ivoire"),
    "CD": gettext_lazy("of the Democratic Republic of the Congo"),
    "GQ": gettext_lazy("of Equatorial Guinea"),
    "GA": gettext_lazy("of Gabon"),
    "GN": gettext_lazy("of Guinea"),
    "GW": gettext_lazy("of Guinea-Bissau"),
    "ML": gettext_lazy("of Mali"),
    "NE": gettext_lazy("of Niger"),
    "SN": gettext_lazy("of Senegal"),
    "TD": gettext_lazy("of Chad"),
    "TG": gettext_lazy("of Togo"),
}


def country_label(code: str) -> str:
    """Return a country's name; the code itself where it is no member state."""
    return str(COUNTRIES.get(code, code))


def of_country(code: str) -> str:
    """Return what follows the name of a country's own text: « du Sénégal »; the code in brackets for another state."""
    return str(_OF_COUNTRIES.get(code, f"({code})"))


def title_with_country(title: str, code: str | None) -> str:
    """Return the title of a document with the one country whose text it is, unless the title names it already."""
    if not code or fold(country_label(code)) in fold(title):
        return title
    return f"{title} ({country_label(code)})"
