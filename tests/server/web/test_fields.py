from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from server.web.fields import BeaconId, Language, Money, Name, OwnId, SomeMoney, Time, TimeZone

UUID = "f7826da6-4fa2-4e98-8024-bc5b71e0893e"


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        (Name, "  Ann ", "Ann"),
        (OwnId, "loyalty-1/2 à", "loyalty-1/2 à"),
        (Language, "pt-BR", "pt-BR"),
        (Money, 0, 0.0),
        (Money, 49.9, 49.9),
        (Money, 0.1 + 0.2, 0.3),
        (SomeMoney, 999_999_999.999, 999_999_999.999),
        (TimeZone, "Europe/Rome", "Europe/Rome"),
        (Time, 1795000000, datetime.fromtimestamp(1795000000, UTC)),
        (Time, "2026-06-10T14:00:00+02:00", datetime(2026, 6, 10, 12, tzinfo=UTC)),
        (BeaconId, f"iBeacon:{UUID.upper()}:1:65535", f"ibeacon:{UUID}:1:65535"),
        (
            BeaconId,
            "eddystone-uid:" + "0a" * 10 + ":" + "0b" * 6,
            "eddystone-uid:" + "0a" * 10 + ":" + "0b" * 6,
        ),
        (BeaconId, "altbeacon:0118:" + "ab" * 20, "altbeacon:0118:" + "ab" * 20),
    ],
)
def test_what_makes_sense_is_kept_in_one_form(kind, given, kept):
    assert TypeAdapter(kind).validate_python(given) == kept


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (Name, "   "),
        (Name, "Ann\x00"),
        (Name, "\ud800"),
        (OwnId, "two\nlines"),
        (Language, "italiano, grazie"),
        (TimeZone, "Mars/Olympus"),
        (TimeZone, "../../etc/passwd"),
        (TimeZone, "localtime"),
        (TimeZone, "Factory"),
        (Money, True),
        (Money, "3"),
        (Money, 0.0004),
        (Money, -0.001),
        (SomeMoney, 0),
        (SomeMoney, 1e-7),
        (Time, "2026-06-10T14:00:00"),
        (Time, "9999-12-31T23:59:59-12:00"),
        (Time, "0001-01-01T00:00:00+12:00"),
        (Time, float("nan")),
        (Time, float("inf")),
        (BeaconId, f"ibeacon:{UUID}:1:65536"),
        (BeaconId, f"ibeacon:{UUID}:01:2"),
        (BeaconId, "eddystone-eid:" + "0a" * 8),
        (BeaconId, "aa:bb:cc:dd:ee:ff"),
    ],
)
def test_what_no_database_or_calendar_holds_is_refused(kind, given):
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(given)
