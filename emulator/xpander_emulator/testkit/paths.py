"""The paths of the scenarios that a suite is served with, before a server runs."""

from functools import lru_cache

from xpander_emulator.common import suite_files
from xpander_emulator.errors import NotFound, did_you_mean
from xpander_emulator.scenario import paths as scenario_paths
from xpander_emulator.scenario.load import built_in_scenarios, load_catalogue, load_spec
from xpander_emulator.scenario.paths import ScenarioPath
from xpander_emulator.scenario.selection import Catalogue
from xpander_emulator.testkit.arguments import check


def paths(scenario: str, *, max_turns: int = 1) -> tuple[ScenarioPath, ...]:
    """Return every path through a scenario, for `Emulator.follow`.

    Args:
        scenario: The name of a built-in scenario, or of one in the files of the pytest run (`emulator_scenarios`).
        max_turns: How often a path may visit the same step.

    Returns:
        The paths to every end, then those that stop the task, then those with a fault.

    Raises:
        NotFound: No scenario has this name.
        BadRequest: `max_turns` is below 1, there are more than 1,000 paths, or an argument has a wrong type.
        InvalidFiles: The scenario files of the pytest run have mistakes.
    """
    check("scenario", scenario, str)
    check("max_turns", max_turns, int)
    catalogue = _catalogue(suite_files.files())
    if scenario not in catalogue:
        raise NotFound(f"No scenario is called '{scenario}'{did_you_mean(scenario, tuple(catalogue)) or '.'}")
    return scenario_paths.paths(catalogue[scenario].timeline, max_turns=max_turns)


def paths_by_id(*scenarios: str, max_turns: int = 1) -> dict[str, ScenarioPath]:
    """Return the paths of several scenarios by ids that are unique among them. Raises what `paths` raises."""
    every = [path for name in dict.fromkeys(scenarios) for path in paths(name, max_turns=max_turns)]
    is_single = len({path.scenario for path in every}) == 1
    return {path.id if is_single else _id(path): path for path in every}


def _id(path: ScenarioPath) -> str:
    """Return the id of a path with its scenario first; only the ids of paths that stop a task lack it."""
    has_scenario = path.id == path.scenario or path.id.startswith(f"{path.scenario}-")
    return path.id if has_scenario else f"{path.scenario}:{path.id}"


@lru_cache(maxsize=4)
def _catalogue(files: suite_files.Files) -> Catalogue:
    # The built-in scenarios need no check against the contract.
    if not files.scenarios:
        return Catalogue(built_in_scenarios())
    return load_catalogue(files.scenarios, load_spec(files.spec))
