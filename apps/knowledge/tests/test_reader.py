"""The outline beside a text."""

from uuid import uuid4

from apps.knowledge.reader import outline_near

LAW = (
    ("Livre 1", 3, 0),
    ("Titre 1", 4, 10),
    ("Article 1", 11, 20),
    ("Article 2", 11, 30),
    ("Titre 2", 4, 40),
    ("Livre 2", 3, 50),
)


def test_only_the_branch_of_the_place_is_open_and_depths_have_no_gaps() -> None:
    shown = [(heading.title, heading.level, heading.is_current) for heading in outline_near(LAW, 31, uuid4())]
    assert shown == [
        ("Livre 1", 1, False),
        ("Titre 1", 2, False),
        ("Article 1", 3, False),
        ("Article 2", 3, True),
        ("Titre 2", 2, False),
        ("Livre 2", 1, False),
    ]
