"""A request under one key is done once."""

from collections.abc import Mapping

import pytest
from django.db import transaction

from kauri.lib.idempotency import KeyInvalid, KeyReused, once
from kauri.lib.ids import uuid7

pytestmark = pytest.mark.django_db
USER = uuid7()


class Act:
    """Counts how often it was done."""

    def __init__(self) -> None:
        self.n = 0

    def __call__(self) -> Mapping[str, str]:
        self.n += 1
        return {"n": str(self.n)}


def test_it_acts_once_for_a_key() -> None:
    act = Act()
    results = [once(user_id=USER, key="a", request={"q": 1}, act=act) for _ in range(3)]
    assert results == [{"n": "1"}] * 3
    assert act.n == 1


def test_keys_and_people_are_apart() -> None:
    act = Act()
    once(user_id=USER, key="a", request={"q": 1}, act=act)
    once(user_id=USER, key="b", request={"q": 1}, act=act)
    once(user_id=uuid7(), key="a", request={"q": 1}, act=act)
    once(user_id=USER, key="", request={"q": 1}, act=act)
    once(user_id=USER, key="", request={"q": 1}, act=act)
    assert act.n == 5


def test_another_request_under_the_same_key_is_refused() -> None:
    once(user_id=USER, key="a", request={"q": 1}, act=Act())
    with pytest.raises(KeyReused):
        once(user_id=USER, key="a", request={"q": 2}, act=Act())


def test_a_failed_act_leaves_the_key_free() -> None:
    def broken() -> Mapping[str, str]:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError), transaction.atomic():
        once(user_id=USER, key="a", request={"q": 1}, act=broken)
    assert once(user_id=USER, key="a", request={"q": 1}, act=Act()) == {"n": "1"}


@pytest.mark.parametrize("key", ["é", "a\n", "x" * 201])
def test_it_refuses_keys_that_are_none(key: str) -> None:
    with pytest.raises(KeyInvalid):
        once(user_id=USER, key=key, request={}, act=Act())
