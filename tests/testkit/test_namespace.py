import re

import httpx2
import pytest

from tests.testkit.clients import client_of, start
from xpander_emulator.errors import Conflict
from xpander_emulator.testkit import BadRequest, Emulator, EmulatorServer, NotFound, Task
from xpander_emulator.testkit.namespace import Namespace


@pytest.fixture
def namespace(kit: Emulator) -> Namespace:
    return kit._namespace


def test_an_unknown_task_is_refused_with_the_tasks_that_exist(kit: Emulator, approval: Task) -> None:
    wanted = f"No task 't_1' has been started with the key '{kit.api_key}'; there are {approval.id} (approval"

    with pytest.raises(NotFound, match=f"^{re.escape(wanted)}, pending\\)\\.$"):
        kit.task("t_1")


def test_an_unknown_task_of_a_test_without_tasks_is_refused(kit: Emulator) -> None:
    wanted = f"No task 't_1': none has been started with the key '{kit.api_key}'."

    with pytest.raises(NotFound, match=f"^{re.escape(wanted)}$"):
        kit.task("t_1")


def test_every_operation_of_the_contract_has_its_action(namespace: Namespace) -> None:
    actions = namespace.actions

    assert (actions["getTask"], actions["invokeWorkflowAsync"]) == ("read", "start")
    assert actions.keys() == {operation.id for operation in namespace.server.app.contract.operations}


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ("getTsk", r"^The contract has no operation 'getTsk'\. Did you mean 'getTask'\?$"),
        ("zzz", r"^The contract has no operation 'zzz'; `xpander-emulator routes` lists them\.$"),
    ],
)
def test_an_unknown_operation_is_refused(operation: str, message: str, namespace: Namespace) -> None:
    namespace.check_operation("getTask")
    namespace.check_operation(None)

    with pytest.raises(BadRequest, match=message):
        namespace.check_operation(operation)


def test_task_states_are_in_the_order_of_their_start(namespace: Namespace, client: httpx2.Client) -> None:
    ids = [start(client, workflow) for workflow in ("failed", "completed", "approval")]

    assert [each.task.id for each in namespace.task_states()] == ids


def test_a_method_is_called_with_the_name_of_the_namespace_and_its_result_returned(namespace: Namespace) -> None:
    async def method(name: str, *arguments: int, more: str) -> tuple[str, tuple[int, ...], str]:
        return name, arguments, more

    assert namespace.call(method, 1, 2, more="x") == (namespace.name, (1, 2), "x")


def test_an_error_in_the_loop_of_the_server_is_raised_to_the_caller(namespace: Namespace) -> None:
    async def method(name: str) -> None:
        raise Conflict(f"{name} is busy.")

    with pytest.raises(Conflict, match=f"^{re.escape(namespace.name)} is busy\\.$"):
        namespace.call(method)


def test_the_namespaces_of_other_keys_are_named_with_their_counts(kit: Emulator, server: EmulatorServer) -> None:
    with server.emulator("another test") as other:
        for _ in range(2):
            start(client_of(other))
        namespace = kit._namespace

        assert namespace.no_task() == (
            f"No task was started with this test's key, {kit.api_key!r}."
            f" There are tasks of other keys, by namespace: {other.namespace} (2)."
        )
        assert namespace.no_request() == (
            f"No request came with this test's key, {kit.api_key!r}."
            f" There are requests of other keys, by namespace: {other.namespace} (2)."
        )
