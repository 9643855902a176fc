"""How the house is, for whoever operates it: alive, ready, and what to watch.

In: named checks of the rooms, and their measures. Out: `/health/live` (the process answers: else restart it), `/health/ready` (send it
requests: else leave it be), `/metrics` (Prometheus). Open to whoever reaches them: they tell of machines, never of shoppers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

import structlog
from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel
from starlette.responses import Response

from server.bus.measures import Measures
from server.records import gateways, outbox, webhook_deliveries
from server.records.database import Database
from server.records.schema import is_current
from server.web.clock import Clock, utc_now

log = structlog.get_logger(__name__)

#: A check that takes longer has failed: those who ask give up after a few seconds themselves.
CHECK_S = 2.0

#: What Prometheus 2 and 3 read.
EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"

#: None where all is well, else what is wrong in a sentence.
Check = Callable[[], Awaitable[str | None]]


class Alive(BaseModel):
    status: Literal["alive"] = "alive"


class CheckShown(BaseModel):
    well: bool
    words: str


class Readiness(BaseModel):
    ready: bool
    checks: dict[str, CheckShown]


def health_routes(
    database: Database,
    measures: Measures,
    checks: Mapping[str, Check],
    clock: Clock = utc_now,
    *,
    warnings: Mapping[str, Check] | None = None,
    check_s: float = CHECK_S,
) -> APIRouter:
    """`checks` by the name of what they look at (`path`); the database is looked at anyway.

    `warnings` are shown beside them, but do not make the house unready: sightings can be taken while FCM refuses our key.
    """
    router = APIRouter(tags=["operators"])
    all_checks = {"database": database_check(database), **checks}

    @router.get("/health/live")
    async def live() -> Alive:
        """The process answers."""
        return Alive()

    @router.get(
        "/health/ready", response_model=Readiness, responses={503: {"description": "Not ready: see checks"}}
    )
    async def ready() -> Response:
        """Whether the house can take sightings and send offers, and what stands in the way."""
        looked = {**(warnings or {}), **all_checks}
        found = dict(
            zip(
                looked,
                await asyncio.gather(*(_looked_at(name, check, check_s) for name, check in looked.items())),
                strict=True,
            )
        )
        readiness = Readiness(ready=all(found[name].well for name in all_checks), checks=found)
        return JSONResponse(
            readiness.model_dump(), 200 if readiness.ready else 503, {"Cache-Control": "no-store"}
        )

    @router.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        """What to watch, for Prometheus."""
        await _look_into_records(database, measures, clock)
        return Response(measures.text(), media_type=EXPOSITION)

    return router


def database_check(database: Database) -> Check:
    """Whether the database can be reached and has the schema of this version."""
    migrated = False

    async def check() -> str | None:
        nonlocal migrated
        if migrated:  # a schema does not go back
            await database.ping()
            return None
        migrated = await is_current(database)
        return None if migrated else "the database has not the schema of this version: run `soglia migrate`"

    return check


async def _looked_at(name: str, check: Check, check_s: float) -> CheckShown:
    try:
        async with asyncio.timeout(check_s):
            trouble = await check()
    except TimeoutError:
        trouble = f"did not answer within {check_s:g} s"
    except Exception as failure:  # a check that fails in any way is an answer, and must not hide the others'
        log.exception("health_check_failed", check=name)
        trouble = f"failed with {type(failure).__name__}: the log says more"
    return CheckShown(well=trouble is None, words=trouble or "well")


async def _look_into_records(database: Database, measures: Measures, clock: Clock) -> None:
    """Gauges that only the records know; while they cannot be reached, the old numbers stand and the counters go on."""
    try:
        async with asyncio.timeout(CHECK_S), database.reading() as connection:
            measures.waiting_offers.set(await outbox.waiting(connection))
            measures.waiting_webhooks.set(await webhook_deliveries.waiting(connection))
            measures.gateways((await gateways.heartbeats(connection)).items(), clock())
    except Exception:  # as above
        log.exception("metrics_without_records")
