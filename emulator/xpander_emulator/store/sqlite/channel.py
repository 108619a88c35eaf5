"""How one process hears of what others change in an SQLite file: it polls the latest changes while somebody waits."""

import asyncio
from typing import Final

from xpander_emulator.store.notifications import Notifications
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.store.sqlite.database import Database

# A subscriber hears of another process's change within this time; a poll costs 2 µs.
POLL_SECONDS: Final = 0.02


class Channel:
    """Notifies the subscribers of one process of what other processes change."""

    def __init__(self, database: Database, notifications: Notifications) -> None:
        self._database = database
        self._notifications = notifications
        self._polling: asyncio.Task[None] | None = None

    def join(self) -> None:
        """Poll for changes from now on, for as long as there are subscribers. Raises StoreUnavailable."""
        if self._polling is None or self._polling.done():
            self._polling = asyncio.create_task(self._poll(self.last_change()), name="sqlite channel")

    def close(self) -> None:
        """Poll no more."""
        if self._polling is not None:
            self._polling.cancel()
            self._polling = None

    def last_change(self) -> int:
        """Return the number of the latest change, 0 before the first one."""
        [(number,)] = self._database.rows("SELECT coalesce(max(number), 0) FROM ring")
        return int(number)

    async def _poll(self, last: int) -> None:
        version = None
        while self._notifications.subscribed_keys:
            try:
                [(present,)] = self._database.rows("PRAGMA data_version")
                if present != version:
                    version, last = present, self._notify(last)
            except StoreUnavailable:
                self._notifications.notify_all()
                version = None
            await asyncio.sleep(POLL_SECONDS)

    def _notify(self, last: int) -> int:
        """Notify of the changes since number `last`, and return the number of the latest one."""
        changes = self._database.rows(
            "SELECT number, namespace, id, sender FROM ring WHERE number > ? ORDER BY number", last
        )
        # Older changes are deleted; which ones were missed is not known.
        if changes and changes[0][0] > last + 1:
            self._notifications.notify_all()
        for _, namespace, key, sender in changes:
            if sender != self._database.sender:
                self._notifications.notify_from_elsewhere(namespace, key)
        return changes[-1][0] if changes else last
