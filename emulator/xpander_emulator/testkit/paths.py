"""The paths of the stories that a suite is served with, as far as they are known before a server runs."""

from functools import lru_cache

from xpander_emulator.common import suite_files
from xpander_emulator.errors import NotFound, did_you_mean
from xpander_emulator.scenario import paths as ways
from xpander_emulator.scenario.load import built_in_scenarios, load_catalogue, load_spec
from xpander_emulator.scenario.paths import ScenarioPath
from xpander_emulator.scenario.selection import Catalogue
from xpander_emulator.testkit.arguments import check


def paths(scenario: str, *, max_turns: int = 1) -> tuple[ScenarioPath, ...]:
    """Return every way in which a scenario can end, for `Emulator.follow`; built-in, or of this suite's own.

    max_turns: how often a path may come through the same step.
    Raises NotFound for an unknown scenario, BadRequest for too many paths, InvalidFiles for mistakes in files.
    """
    check("scenario", scenario, str)
    check("max_turns", max_turns, int)
    stories = _stories(suite_files.files())
    if scenario not in stories:
        raise NotFound(f"No scenario is called '{scenario}'{did_you_mean(scenario, tuple(stories)) or '.'}")
    return ways.paths(stories[scenario].timeline, max_turns=max_turns)


def cases(*scenarios: str, max_turns: int = 1) -> dict[str, ScenarioPath]:
    """Return the paths of several scenarios by ids that no two of them share. Raises what `paths` does."""
    found = [path for name in dict.fromkeys(scenarios) for path in paths(name, max_turns=max_turns)]
    alone = len({path.scenario for path in found}) == 1
    return {_id(path, alone=alone): path for path in found}


def _id(path: ScenarioPath, *, alone: bool) -> str:
    """Return the id of a path, which begins with the scenario where there are several: a stop's own does not."""
    named = path.id == path.scenario or path.id.startswith(f"{path.scenario}-")
    return path.id if alone or named else f"{path.scenario}:{path.id}"


@lru_cache(maxsize=4)
def _stories(files: suite_files.Files) -> Catalogue:
    # Only the suite's own are checked against the contract.
    if not files.scenarios:
        return Catalogue(built_in_scenarios())
    return load_catalogue(files.scenarios, load_spec(files.spec))
