"""The second step of the log-in: codes of an authenticator app (TOTP, RFC 6238), and ten recovery codes for who has lost it.

In: a code as somebody typed it, and now. Out: whether it holds, once. The secret must be there to reckon with, so it is kept as
webhooks' secrets and signing keys are: in the records, given by no door but the one that made it, in no copy and no log. Recovery
codes are kept as hashes: 80 bits of chance need no slow hashing.
"""

import hashlib
import hmac
import re
import secrets
from base64 import b32encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import pyotp
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.database import insert_into
from server.records.refusal import NotFound, Refusal, Taken
from server.records.tables import SecondFactorRow, Table

#: A code is of 30 seconds; that before and that after hold too, for clocks that are not quite right and fingers that are slow.
STEP_S: Final = 30
_AROUND: Final = (0, -1, 1)

RECOVERY_CODES: Final = 10
_RECOVERY_BYTES: Final = 10  # 80 bits, 16 letters

_factors = Table.metadata.tables["second_factors"]


async def find(connection: AsyncConnection, staff: str) -> SecondFactorRow | None:
    """What somebody has, confirmed or only begun; None where there is nothing."""
    return await _read(connection, sa.select(_factors).where(_factors.c.staff_id == staff))


async def wanted_of(connection: AsyncConnection, staff: str) -> bool:
    """Whether this member's log-in needs a code."""
    row = await find(connection, staff)
    return row is not None and row.confirmed_at is not None


async def who_have(connection: AsyncConnection, staff: Sequence[str]) -> frozenset[str]:
    """Those of them whose log-in needs a code."""
    found = await connection.execute(
        sa.select(_factors.c.staff_id).where(
            _factors.c.staff_id.in_(staff), _factors.c.confirmed_at.is_not(None)
        )
    )
    return frozenset(found.scalars())


async def begin(connection: AsyncConnection, staff: str, now: datetime) -> str:
    """A new secret, which counts for nothing until it is confirmed. Raises Taken where there is one that counts."""
    row = SecondFactorRow(staff_id=staff, secret=pyotp.random_base32(), begun_at=now, recovery=[])
    insert = insert_into(connection, _factors).values(**row.model_dump())
    begun = await connection.execute(
        insert.on_conflict_do_update(
            index_elements=["staff_id"],
            set_={"secret": row.secret, "begun_at": now},
            where=_factors.c.confirmed_at.is_(None),
        )
    )
    if not begun.rowcount:
        raise Taken("your log-in needs a code already: take that off first, then begin anew")
    return row.secret


async def confirm(connection: AsyncConnection, staff: str, code: str, now: datetime) -> list[str] | None:
    """From now on a code is asked for; gives the recovery codes, this once. None for a code that does not hold.

    Raises Refusal where nothing was begun, Taken where it is confirmed already.
    """
    row = await _locked(connection, staff)
    if row is None:
        raise Refusal("begin first: there is no secret to confirm")
    if row.confirmed_at is not None:
        raise Taken("this is confirmed already")
    step = _step_of(row, code, now)
    if step is None:
        return None
    codes = _fresh_codes()
    await _update(
        connection, staff, {"confirmed_at": now, "last_step": step, "recovery": [*map(_hashed, codes)]}
    )
    return codes


async def renew_codes(connection: AsyncConnection, staff: str) -> list[str]:
    """Ten new recovery codes, this once; those of before hold no more. Raises Refusal where no code is asked for."""
    row = await _locked(connection, staff)
    if row is None or row.confirmed_at is None:
        raise Refusal("your log-in needs no code, so there is nothing to recover")
    codes = _fresh_codes()
    await _update(connection, staff, {"recovery": [*map(_hashed, codes)]})
    return codes


async def holds(connection: AsyncConnection, staff: str, code: str, now: datetime) -> bool:
    """Whether a code opens the second step; it is used up by it. Whoever has none needs none, and no code holds."""
    row = await _locked(connection, staff)
    if row is None or row.confirmed_at is None:
        return False
    step = _step_of(row, code, now)
    if step is not None:
        await _update(connection, staff, {"last_step": step})
        return True
    given = _hashed(code)
    left = [each for each in row.recovery if not hmac.compare_digest(each, given)]
    if len(left) == len(row.recovery):
        return False
    await _update(connection, staff, {"recovery": left})
    return True


async def take_off(connection: AsyncConnection, staff: str) -> None:
    """No code is asked for any more. Raises NotFound where none was."""
    gone = await connection.execute(sa.delete(_factors).where(_factors.c.staff_id == staff))
    if not gone.rowcount:
        raise NotFound("no code is asked for at this log-in")


def _step_of(row: SecondFactorRow, code: str, now: datetime) -> int | None:
    """The moment that the code is of, if it is of now and later than the last that was used (RFC 6238 section 5.2)."""
    typed = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", typed):
        return None
    reckoned = pyotp.TOTP(row.secret)
    here = int(now.timestamp()) // STEP_S
    fitting = [
        here + each
        for each in _AROUND
        if hmac.compare_digest(reckoned.generate_otp(here + each), typed) and here + each > row.last_step
    ]
    return fitting[0] if fitting else None


def _fresh_codes() -> list[str]:
    drawn = (b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES))
    return ["-".join(each[start : start + 4] for start in range(0, 16, 4)) for each in drawn]


def _hashed(code: str) -> str:
    plain = re.sub(r"[\s-]", "", code).lower()
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


async def _locked(connection: AsyncConnection, staff: str) -> SecondFactorRow | None:
    """The row, held until the transaction ends: of one code that comes twice at once, one comes second."""
    return await _read(connection, sa.select(_factors).where(_factors.c.staff_id == staff).with_for_update())


async def _read(connection: AsyncConnection, asked: sa.Select[Any]) -> SecondFactorRow | None:
    row = (await connection.execute(asked)).mappings().one_or_none()
    return None if row is None else SecondFactorRow(**row)


async def _update(connection: AsyncConnection, staff: str, values: dict[str, Any]) -> None:
    await connection.execute(sa.update(_factors).where(_factors.c.staff_id == staff).values(**values))
