import asyncio

from xpander_emulator.store.notifications import WHOLE, Notifications


async def test_a_wait_that_is_given_up_leaves_nothing_behind() -> None:
    notifications = Notifications()

    async def listen() -> None:
        with notifications.subscribe("ns", [WHOLE, "a"]) as subscription:
            await subscription.wait(None)

    waiting = asyncio.ensure_future(listen())
    await asyncio.sleep(0)
    assert set(notifications._subscriptions) == {("ns", ""), ("ns", "a")}

    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert notifications.subscribed_keys == 0


async def test_when_nobody_knows_what_has_changed_everybody_is_told() -> None:
    notifications = Notifications()

    with notifications.subscribe("ns", [WHOLE, "a"]) as one, notifications.subscribe("other", [WHOLE]) as another:
        notifications.notify_all()
        await one.wait(None)
        await another.wait(None)
