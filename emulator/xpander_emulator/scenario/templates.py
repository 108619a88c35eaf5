"""Templates: the `{{ … }}` in a scenario's texts, resolved each time that a task is rendered.

Jinja2, which takes 35 ms to import, is imported only where a text has a template in it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from xpander_emulator.contract.schema.reader import ANYTHING, SchemaView
from xpander_emulator.core.timeline import Fake, Minted, Template, Value
from xpander_emulator.errors import BrokenPromise

NAMES: Final = ("input", "request", "task", "signal", "fake", "now")
# The members of these names. The renderer provides exactly these.
MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "task": ("id", "turn", "agent_id", "organization_id", "created_at", "title"),
    "signal": ("name", "by", "reason", "payload", "at"),
}
_MARKS: Final = ("{{", "{%", "{#")
_NUMBERED: Final = re.compile(r"(.+)_\d+")


def is_template(text: str) -> bool:
    """Return whether a text has anything in it to resolve."""
    return any(mark in text for mark in _MARKS)


def provider_of(member: str) -> str:
    """Return the Faker provider of `fake.member`: `name` for `name` and for `name_2`."""
    numbered = _NUMBERED.fullmatch(member)
    return numbered[1] if numbered else member


def render(
    value: Value,
    context: Mapping[str, Any],
    fake: Callable[[str, str], Any],
    pointer: str,
    schema: SchemaView = ANYTHING,
) -> Any:
    """Return a value with every Template, Fake and Minted in it resolved, as plain JSON.

    context: what the names in a text stand for; `fake` is added to it.
    fake:    returns the value of a Faker provider, the same for the same JSON pointer.
    pointer: where the value stands in the task. `{{ fake.name }}` is keyed by `/fake/name` wherever it stands,
             so that one task has one name throughout; `{{ fake.name_2 }}` is another.
    schema:  what the place takes; a lone `{{ … }}` whose value it does not take turns to text.
    Raises BrokenPromise where a text cannot be resolved.
    """
    match value:
        case Template(source=source):
            return _resolved(source, {**context, "fake": _Fakes(fake)}, pointer, schema)
        case Fake(provider=provider):
            return fake(provider, pointer)
        case Minted(kind=kind, number=number):
            return fake("uuid4", f"/minted/{kind}/{number}")
        case Mapping():
            return {
                name: render(item, context, fake, f"{pointer}/{_escaped(name)}", schema.at(name))
                for name, item in value.items()
            }
        case list() | tuple():
            return [
                render(item, context, fake, f"{pointer}/{index}", schema.at(index)) for index, item in enumerate(value)
            ]
        case _:
            return value


def _resolved(source: str, context: Mapping[str, Any], pointer: str, schema: SchemaView) -> Any:
    from xpander_emulator.scenario import template_sandbox

    try:
        value = template_sandbox.run(source, context)
    except template_sandbox.ERRORS as error:
        text = source if len(source) <= 80 else f"{source[:77]}…"
        raise BrokenPromise(f"the template at {pointer}, '{text}', cannot be resolved: {error}") from None
    return value if schema.takes(value) else str(template_sandbox.as_text(value))


class _Fakes:
    """The value of `fake` in a text: each attribute is a Faker provider's value."""

    __slots__ = ("_fake",)

    def __init__(self, fake: Callable[[str, str], Any]) -> None:
        self._fake = fake

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._fake(provider_of(name), f"/fake/{_escaped(name)}")


def _escaped(name: str) -> str:
    # RFC 6901, 3: `~` and `/` cannot stand in a JSON pointer as they are.
    return str(name).replace("~", "~0").replace("/", "~1")
