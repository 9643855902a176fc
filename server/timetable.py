"""What happens by the clock, with APScheduler: the tick of presence, fresh rotating ids, looking for changes, forgetting.

In: the verbs of the other rooms. A job that is still running is not started again, and one that was missed runs once. A job that
fails is logged with its name and runs again at its next time; until it succeeds, `failing` says why it failed, for `/health`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done each `every_s` seconds."""

    name: str
    every_s: float
    do: Callable[[], Awaitable[None]]


class Timetable:
    """All jobs of a process. Must be started and stopped on the event loop that the jobs run on."""

    def __init__(self, jobs: list[Job]) -> None:
        self.failing: dict[str, str] = {}
        self._stopped = False
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._scheduler.add_listener(self._failed, EVENT_JOB_ERROR)
        for job in jobs:
            self._scheduler.add_job(
                self._run,
                IntervalTrigger(seconds=job.every_s, timezone=UTC),
                args=[job],
                id=job.name,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """No job starts any more; one that runs is cancelled, which is no failure of it."""
        self._stopped = True
        if self._scheduler.running:
            self._scheduler.pause()  # at once, while the shutdown waits for the loop's next turn
            self._scheduler.shutdown(wait=False)

    async def _run(self, job: Job) -> None:
        try:
            await job.do()
        except asyncio.CancelledError:
            if not self._stopped:
                raise
        else:
            self.failing.pop(job.name, None)

    def _failed(self, event: JobExecutionEvent) -> None:
        self.failing[event.job_id] = f"{type(event.exception).__name__}: {event.exception}"
        log.error("job_failed", job=event.job_id, why=self.failing[event.job_id])
