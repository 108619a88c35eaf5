"""The contract of the control API."""

from functools import lru_cache

from xpander_emulator.common import resources
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.openapi.load import load_contract


@lru_cache(maxsize=1)
def control_contract() -> Contract:
    """Return the contract of the control API, which is read once for all servers of a process."""
    return load_contract(resources.CONTROL_CONTRACT, check_schemas=False, check_behaviours=False)
