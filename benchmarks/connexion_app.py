"""Connexion over the same contract, with request and response validation, answering the contract's example."""

import json
import os
from pathlib import Path
from typing import Any

from connexion import AsyncApp
from connexion.resolver import Resolver

CONTRACT = Path(os.environ["CONTRACT"])
EXAMPLES = json.loads(CONTRACT.read_text())["components"]["examples"]
TASK = EXAMPLES["task_pending"]["value"]


async def answer(*args: Any, **kwargs: Any) -> Any:
    return TASK, 200


app = AsyncApp(__name__)
app.add_api(CONTRACT, resolver=Resolver(lambda operation_id: answer), validate_responses=True, pythonic_params=True)
