import asyncio

from xpander_emulator.store.notifications import Notifications


async def test_a_wait_that_is_given_up_leaves_nothing_behind() -> None:
    notifications = Notifications()

    async def listen() -> None:
        with notifications.listen("ns", ["a"]) as subscription:
            await subscription.wait(None)

    waiting = asyncio.ensure_future(listen())
    await asyncio.sleep(0)
    assert set(notifications._hung) == {("ns", ""), ("ns", "a")}

    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert notifications.listeners == 0


async def test_when_nobody_knows_what_has_changed_everybody_is_told() -> None:
    notifications = Notifications()

    with notifications.listen("ns", ["a"]) as one, notifications.listen("other", []) as another:
        notifications.ring_all()
        await one.wait(None)
        await another.wait(None)
