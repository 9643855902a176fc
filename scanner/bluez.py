"""Watches BlueZ over D-Bus: whether bluetoothd and the adapter are there, on, and discovering.

In: the adapter's name. Out: an `AdapterState` that is always current, and an event when it changes. It has a D-Bus
connection of its own, since bleak's tells nobody when bluetoothd restarts, the adapter goes off or the bus dies.
Interfaces: org.bluez.Adapter (BlueZ doc/org.bluez.Adapter.rst), NameOwnerChanged (D-Bus specification).
"""

import asyncio
import contextlib
from dataclasses import dataclass, replace
from typing import Any, Self

from dbus_fast import BusType, Message, MessageType, Variant, unpack_variants
from dbus_fast.aio import MessageBus

BLUEZ = "org.bluez"
ADAPTER = "org.bluez.Adapter1"
PROPERTIES = "org.freedesktop.DBus.Properties"
OBJECTS = "org.freedesktop.DBus.ObjectManager"
ANSWER_WITHIN_S = 5.0
"""bluetoothd answers in milliseconds; one that takes this long hangs."""


class BluezFailed(OSError):
    """The bus or bluetoothd did not answer, or answered with an error."""


@dataclass(frozen=True, slots=True)
class AdapterState:
    """`owner` is bluetoothd's unique name on the bus: another one means that it was restarted."""

    owner: str | None = None
    present: bool = False
    powered: bool = False
    discovering: bool = False


class BluezWatch:
    """`async with BluezWatch("hci0") as watch`. Raises BluezFailed where the system bus cannot be reached."""

    def __init__(self, adapter: str) -> None:
        self.state = AdapterState()
        self.changed = asyncio.Event()
        self._path = f"/org/bluez/{adapter}"
        self._bus: MessageBus | None = None
        self._reads: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        return self._bus is not None and self._bus.connected

    async def __aenter__(self) -> Self:
        self._bus = MessageBus(bus_type=BusType.SYSTEM)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._bus.connect()
                self._bus.add_message_handler(self._notice)
                await self._subscribe()
                await self._read()
        except Exception as error:
            self._bus.disconnect()
            words = str(error) or type(error).__name__
            raise BluezFailed(f"the system's D-Bus cannot be reached: {words}") from error
        except asyncio.CancelledError:
            self._bus.disconnect()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for read in self._reads:
            read.cancel()
        if self._bus is not None:
            self._bus.disconnect()

    async def wait(self, at_most_s: float) -> None:
        """Until something changes, or so many seconds; a dead connection changes nothing, so look at `connected`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self.changed.wait()
        self.changed.clear()

    async def set_power(self, *, on: bool) -> None:
        """Switches the adapter. Raises BluezFailed where it refuses."""
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await self._call(
                BLUEZ, self._path, PROPERTIES, "Set", "ssv", [ADAPTER, "Powered", Variant("b", on)]
            )

    async def _subscribe(self) -> None:
        bus = "org.freedesktop.DBus"
        for rule in (
            f"type='signal',sender='{bus}',interface='{bus}',member='NameOwnerChanged',arg0='{BLUEZ}'",
            f"type='signal',sender='{BLUEZ}',interface='{PROPERTIES}',member='PropertiesChanged',path='{self._path}'",
            # BlueZ sends these from its root; `arg0path` without a slash at the end is the adapter alone.
            f"type='signal',sender='{BLUEZ}',interface='{OBJECTS}',member='InterfacesAdded',arg0path='{self._path}'",
            f"type='signal',sender='{BLUEZ}',interface='{OBJECTS}',member='InterfacesRemoved',arg0path='{self._path}'",
        ):
            await self._call(bus, "/org/freedesktop/DBus", bus, "AddMatch", "s", [rule])

    async def _read(self) -> None:
        """All of the state at once: at the beginning, and when bluetoothd has come back."""
        bus = "org.freedesktop.DBus"
        try:
            (owner,) = await self._call(bus, "/org/freedesktop/DBus", bus, "GetNameOwner", "s", [BLUEZ])
            (objects,) = await self._call(BLUEZ, "/", OBJECTS, "GetManagedObjects", "", [])
        except BluezFailed:  # nobody owns the name: bluetoothd does not run
            self._know(AdapterState())
            return
        properties = objects.get(self._path, {}).get(ADAPTER)
        self._know(_with(AdapterState(owner=owner, present=properties is not None), properties or {}))

    async def _call(
        self, to: str, path: str, interface: str, member: str, signature: str, body: list[Any]
    ) -> list[Any]:
        if self._bus is None:
            raise BluezFailed("the D-Bus connection is not open")
        reply = await self._bus.call(
            Message(
                destination=to, path=path, interface=interface, member=member, signature=signature, body=body
            )
        )
        if reply.message_type is MessageType.ERROR:
            raise BluezFailed(f"{member}: {reply.error_name}")
        return list(unpack_variants(reply.body))

    def _notice(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        body = message.body
        match message.member:
            case "NameOwnerChanged" if body[0] == BLUEZ:
                self._know(AdapterState(owner=body[2] or None))
                if body[2]:
                    self._read_again()
            case "PropertiesChanged" if message.path == self._path and body[0] == ADAPTER:
                self._know(_with(self.state, unpack_variants(body[1])))
            case "InterfacesAdded" if body[0] == self._path and ADAPTER in body[1]:
                self._know(_with(replace(self.state, present=True), unpack_variants(body[1][ADAPTER])))
            case "InterfacesRemoved" if body[0] == self._path and ADAPTER in body[1]:
                self._know(AdapterState(owner=self.state.owner))

    def _read_again(self) -> None:
        async def read() -> None:
            with contextlib.suppress(
                OSError, EOFError
            ):  # then the connection is gone, and `connected` says so
                await self._read()

        task = asyncio.create_task(read(), name="read the adapter's state")
        self._reads.add(task)
        task.add_done_callback(self._reads.discard)

    def _know(self, state: AdapterState) -> None:
        if state != self.state:
            self.state = state
            self.changed.set()


def _with(state: AdapterState, properties: dict[str, Any]) -> AdapterState:
    powered = bool(properties.get("Powered", state.powered))
    return replace(state, powered=powered, discovering=bool(properties.get("Discovering", state.discovering)))
