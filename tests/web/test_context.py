import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.messages import request_of
from xpander_emulator.web.context import UNMATCHED, RequestContext, handlers_of, page_of
from xpander_emulator.web.http import Response, json_response


class Owner:
    async def list_tasks(self, context: RequestContext) -> Response:
        return json_response("listed")

    async def import_(self, context: RequestContext) -> Response:
        return json_response("imported")

    async def _helper(self, context: RequestContext) -> Response:
        return json_response("helped")


def context_of(page: int, per_page: int) -> RequestContext:
    context = RequestContext(request_of(), UNMATCHED, 0.0)
    context.parameters = {"page": page, "per_page": per_page}
    return context


async def test_public_methods_are_handlers_by_the_name_of_their_action() -> None:
    handlers = handlers_of(Owner())

    assert list(handlers) == ["list_tasks", "import"]
    response = await handlers["import"](context_of(1, 1))
    assert response.data == "imported"  # type: ignore[union-attr]


def test_a_page_is_counted_from_1() -> None:
    assert page_of(context_of(2, 3), "abcdefgh") == "def"
    assert page_of(context_of(4, 3), "abcdefgh") == ""


@given(st.lists(st.integers()), st.integers(1, 5))
def test_all_pages_together_are_the_items_each_once(items: list[int], per_page: int) -> None:
    pages = [page_of(context_of(number, per_page), items) for number in range(1, len(items) + 2)]

    assert [item for page in pages for item in page] == items


@pytest.mark.parametrize("name", ["namespace", "parameters", "body", "response"])
def test_what_no_step_has_set_cannot_be_read(name: str) -> None:
    context = RequestContext(request_of(), UNMATCHED, 0.0)

    assert not context.is_authenticated
    with pytest.raises(AttributeError):
        getattr(context, name)
