import pytest

from tests.web.api_client import Api, shared


@pytest.fixture
def manual(request: pytest.FixtureRequest) -> Api:
    """A client under a key of its own, on a clock that stands."""
    return Api(shared("manual"), request.node.nodeid)


@pytest.fixture
def auto(request: pytest.FixtureRequest) -> Api:
    """A client under a key of its own, on a clock that skips when it is read."""
    return Api(shared("auto"), request.node.nodeid)
