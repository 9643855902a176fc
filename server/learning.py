"""Keeps what this process holds compiled true to the records: zones and campaigns, anchors, devices, consents, keys.

In: news of changes made here (`learn`), and the versions in the records, polled for changes made elsewhere (`catch_up`: the command
line, another process). Out: calls to whoever holds something compiled.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable

import structlog

from server import knowledge
from server.bus.contract import News
from server.ingest.directory import Directory
from server.records import catalogue
from server.records.database import Database
from server.records.keys import Keyring
from server.trigger import Trigger

log = structlog.get_logger()


class Learning:
    """See the module's text."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        directory: Directory,
        trigger: Trigger,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._directory = directory
        self._trigger = trigger
        self._clock = clock
        self._turn = asyncio.Lock()
        self._seen: dict[str, int] = {}  # all changes up to this version hold here, by name
        self._ahead: defaultdict[str, set[int]] = defaultdict(set)  # our own changes after that

    async def start(self) -> None:
        """Reads everything once; the path goes on from where it stopped."""
        self._seen = await self._versions()
        await self._keyring.reload()
        await self._directory.load(self._clock())
        await self._trigger.start(await knowledge.load(self._database))

    async def learn(self, news: News) -> None:
        """Something was changed by this process, as `version` of its name: when this returns, it holds.

        Raises where the records cannot be read; then it is found by the next `catch_up`.
        """
        async with self._turn:
            await self._bring_up_to_date(news)
            self._ahead[news["name"]].add(news["version"])

    async def catch_up(self) -> None:
        """Looks for changes made elsewhere."""
        async with self._turn:
            for name, version in (await self._versions()).items():
                if self._own_up_to(name) < version:
                    log.info("changed_elsewhere", what=name)
                    await self._bring_up_to_date({"name": name})
                    self._seen[name] = version

    def _own_up_to(self, name: str) -> int:
        """The version up to which all changes hold here, ours among them."""
        seen = self._seen.get(name, 0)
        ahead = self._ahead[name]
        while seen + 1 in ahead:
            seen += 1
        self._ahead[name] = {version for version in ahead if version > seen}
        self._seen[name] = seen
        return seen

    async def _bring_up_to_date(self, news: News) -> None:
        match news["name"]:
            case "zones" | "campaigns":
                await self._trigger.learn(await knowledge.load(self._database))
            case "anchors":
                await self._directory.load_anchors()
                await self._trigger.learn(await knowledge.load(self._database))
            case "keys":
                await self._keyring.reload()
            case "devices" | "consents":
                await self._learn_of_people(news)

    async def _learn_of_people(self, news: News) -> None:
        now_s = self._clock()
        if "device" in news:
            lost = await self._directory.learn_devices([news["device"]], now_s)
        elif "shopper" in news:
            lost = await self._directory.learn_about(news["shopper"], now_s)
        else:
            lost = await self._directory.load(now_s)
        if lost:
            await self._trigger.forget(lost)

    async def _versions(self) -> dict[str, int]:
        async with self._database.reading() as connection:
            return await catalogue.versions(connection)
