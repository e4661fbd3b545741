"""The member states of OHADA, in the reader's language."""

from django.utils.translation import gettext_lazy

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


def country_label(code: str) -> str:
    """Return a country's name; the code itself where it is no member state."""
    return str(COUNTRIES.get(code, code))
