"""`soglia test-send CAMPAIGN TESTER`: a campaign, a draft too, to a tester's own phone, from the command line.

In: a campaign's id and a tester's (`GET /v1/testers`). Out: the text, and what each channel answered. The channels are opened here, with the
server's own settings; the live stream reaches nobody, since phones listen to the running server.
"""

from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic import ValidationError

from server.app import testing
from server.operating import Config, opened, print_rows, run, said, settings_of, told
from server.records.refusal import Refusal
from server.web.send_test import SendTestAsked, TestSent, send_test


def try_out(
    campaign: Annotated[str, typer.Argument(help="The campaign's id.")],
    tester: Annotated[str, typer.Argument(help="The tester's id: a phone that has joined.")],
    language: Annotated[str | None, typer.Option(help="Of the text; else the shopper's.")] = None,
    shopper: Annotated[
        str | None, typer.Option(help="The shop's own name of whom it is written for; else somebody made up.")
    ] = None,
    channel: Annotated[list[str] | None, typer.Option(help="Only this one; may be given again.")] = None,
    config: Config = None,
) -> None:
    """Send a campaign to a tester's own phone. It is marked as a test and counts nowhere."""
    settings = settings_of(config)
    with told():
        asked = _asked(tester=tester, language=language, own_id=shopper, channels=channel or None)

        async def send() -> TestSent:
            async with opened(settings) as database, testing(settings, database) as (ways, try_once):
                return await send_test(database, campaign, asked, ways, try_once, datetime.now(UTC))

        done = run(send())
        print_rows(
            ("channel", "outcome", "receipt, or why not"),
            [(each.channel, each.outcome, each.receipt or each.why or "") for each in done.tries],
            {"channel"},
        )
        said.print(f"Sent in {done.language}: {done.title}: {done.body}", markup=False)


def _asked(**given: object) -> SendTestAsked:
    try:
        return SendTestAsked.model_validate(given)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False)[0]
        raise Refusal(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
