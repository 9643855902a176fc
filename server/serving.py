"""Serves the house: the web server round it, the console beside its doors, an orderly stop.

In: settings. Out: nothing, until SIGTERM or SIGINT.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import structlog
import uvicorn

from server.app import House, built, running
from server.ingest.asgi import Application
from server.listening import listening
from server.records.refusal import Refusal
from server.settings import Settings
from server.web.console.desk import MapLook
from server.web.console.ground import read_ground
from server.web.console.opening import Opening, opened

log = structlog.get_logger()

#: How long a stop waits for requests under way.
GRACE_S = 5


class _WebServer(uvicorn.Server):
    """uvicorn, stopped by us: it would raise the signal again when it is done, and so cut our own stopping short."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Raises what a loop died of, and Refusal where the port cannot be had."""
    # The port is asked for once all is built: a server that is started again waits in `built` until its former self has ended.
    async with built(settings) as house:
        with listening(settings.server.host, settings.server.port) as sockets:
            async with _with_console(settings, house) as application:
                server = _web_server(settings, application)

                def stop() -> None:
                    house.closing.set()
                    server.should_exit = True

                for number in (signal.SIGTERM, signal.SIGINT):
                    asyncio.get_running_loop().add_signal_handler(number, stop)
                log.info("serving", host=settings.server.host, port=sockets[0].getsockname()[1])
                async with running(house):
                    await server.serve(sockets)
        log.info("stopped")


def _web_server(settings: Settings, application: Application) -> _WebServer:
    return _WebServer(
        uvicorn.Config(
            application,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.server.trusted_proxies),
            forwarded_allow_ips=[str(network) for network in settings.server.trusted_proxies],
            timeout_graceful_shutdown=GRACE_S,
        )
    )


@asynccontextmanager
async def _with_console(settings: Settings, house: House) -> AsyncIterator[Application]:
    """The house's application, with the console for all that is not the API's. Raises Refusal where the ground cannot be read."""
    wanted = settings.console
    if not wanted.enabled:
        yield house.application
        return
    try:
        ground = read_ground(wanted.ground_file) if wanted.ground_file else None
    except ValueError as wrong:
        raise Refusal(str(wrong)) from None
    opening = Opening(
        house.application,
        house.hear,
        MapLook(wanted.tiles_url, wanted.tiles_attribution, ground),
        partial(house.bus.listen, "catalogue"),
    )
    async with opened(opening) as application:
        yield application
