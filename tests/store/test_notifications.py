import asyncio

from xpander_emulator.store.notifications import Bells


async def test_a_wait_that_is_given_up_leaves_nothing_behind() -> None:
    bells = Bells()

    async def listen() -> None:
        with bells.listen("ns", ["a"]) as bell:
            await bell.wait(None)

    waiting = asyncio.ensure_future(listen())
    await asyncio.sleep(0)
    assert set(bells._hung) == {("ns", ""), ("ns", "a")}

    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert bells.listeners == 0


async def test_when_nobody_knows_what_has_changed_everybody_is_told() -> None:
    bells = Bells()

    with bells.listen("ns", ["a"]) as one, bells.listen("other", []) as another:
        bells.ring_all()
        await one.wait(None)
        await another.wait(None)
