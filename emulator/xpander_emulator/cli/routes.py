"""`routes`: the operations of a contract."""

from pathlib import Path
from typing import Final

import click

from xpander_emulator.cli.option_types import Existing
from xpander_emulator.cli.output import emit, output_option, table
from xpander_emulator.cli.settings_options import settings_here
from xpander_emulator.common.types import JsonObject

spec_option: Final = click.option(
    "--spec", type=Existing(), metavar="FILE", help="OpenAPI file in place of the built-in one."
)


@click.command()
@spec_option
@output_option
def routes(spec: Path | None, output: str) -> None:
    """List the operations that are served."""
    from xpander_emulator.scenario import load

    items = [
        {
            "method": operation.method,
            "path": operation.path,
            "id": operation.id,
            "action": operation.behaviour.get("action"),
            "source": operation.behaviour.get("source"),
        }
        for operation in load.load_spec(spec or settings_here().spec).operations
    ]
    emit({"items": items}, output, _routes_text)


def _routes_text(answer: JsonObject) -> str:
    rows = [
        [item["method"], item["path"], item["id"], item["action"] or "(from the contract)", item["source"]]
        for item in answer["items"]
    ]
    return table(("method", "path", "operation", "action", "source"), rows, "The contract has no operations.")
