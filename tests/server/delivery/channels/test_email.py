"""An e-mail carries text and HTML, a way out with one click, and nothing of a campaign's in its headers."""

import aiosmtplib
import pytest

from server.delivery.channel import ChannelDown, Refused, TryAgain, Undeliverable
from server.delivery.channels import email
from server.records.parcels import Address
from server.unsubscribing import reader_of
from tests.server.delivery.mail_server import MailServer
from tests.server.delivery.makers import NOON, a_parcel

KEY = "a long random text"
SETTINGS = email.Settings(
    host="mail.shop.example",
    sender="Brera <offers@shop.example>",
    unsubscribe_url="https://shop.example/v1/unsubscribe",
    unsubscribe_key=KEY,
)


def to_ann(**changes):
    return a_parcel(address=Address("ad_1", "email", "ann@shopper.example"), **changes)


def test_one_click_ends_them_and_the_same_offer_is_the_same_message():
    message = email.written(to_ann(), SETTINGS, NOON)
    link = message["List-Unsubscribe"].strip("<>")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert reader_of(KEY, link.rpartition("/")[2]) == "sh_1"
    assert message["Message-ID"] == "<of_1@shop.example>"


@pytest.mark.parametrize("length", [10, 60, 200, 700])
async def test_the_way_out_arrives_as_a_plain_link_however_long_it_is(length):
    base = f"https://shop.example/{'a' * length}/v1/unsubscribe"
    async with MailServer() as server:
        ours = {"host": "127.0.0.1", "port": server.port, "security": "none", "unsubscribe_url": base}
        async with email.open(SETTINGS.model_copy(update=ours)) as channel:
            await channel.send(to_ann(), NOON)
    [header] = [line for line in server.raw[0].split(b"\r\n") if line.startswith(b"List-Unsubscribe:")]
    assert header.startswith(f"List-Unsubscribe: <{base}/sh_1.".encode())
    assert header.endswith(b">")
    assert len(header) <= 998


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("it", "Non voglio più e-mail come questa"),
        ("it-CH", "Non voglio più e-mail come questa"),
        ("de", "No more e-mails like this"),
    ],
)
def test_the_way_out_speaks_the_language_of_the_text(language, words):
    message = email.written(to_ann(data={"language": language}), SETTINGS, NOON)
    assert all(words in part.get_content() for part in message.iter_parts())


def test_a_shops_own_words_for_the_way_out_stay():
    ours = SETTINGS.model_copy(update={"unsubscribe_words": "Basta"})
    message = email.written(to_ann(data={"language": "it"}), ours, NOON)
    assert all("Basta" in part.get_content() for part in message.iter_parts())


def test_text_and_html_say_the_same_and_html_is_escaped():
    parcel = to_ann(title="Shoes & more", body="<b>20 %</b>", data={"url": "https://shop.example/?a=1&b=2"})
    message = email.written(parcel, SETTINGS, NOON)
    text, html = (part.get_content() for part in message.iter_parts())
    assert "Shoes & more" in text
    assert "https://shop.example/?a=1&b=2" in text
    assert "Shoes &amp; more" in html
    assert "<b>20" not in html
    assert "unsubscribe/sh_1." in text
    assert "unsubscribe/sh_1." in html


@pytest.mark.parametrize("address", ["ann", "ann@", "a@b\r\nBcc: all@shopper.example"])
def test_what_is_no_mailbox_is_undeliverable(address):
    with pytest.raises(Undeliverable):
        email.written(a_parcel(address=Address("ad_1", "email", address)), SETTINGS, NOON)


def test_a_title_cannot_smuggle_a_header_in():
    with pytest.raises(Refused):
        email.written(to_ann(title="Hi\r\nBcc: all@shopper.example"), SETTINGS, NOON)


@pytest.mark.parametrize(
    ("code", "said", "verdict"),
    [
        (550, "5.1.1 no such user", Undeliverable),
        (550, "no such user", Undeliverable),
        (550, "5.2.1 mailbox disabled", Undeliverable),
        (552, "5.2.2 mailbox full", TryAgain),
        (550, "5.7.1 blocked by policy", Refused),
        (451, "4.7.1 greylisted", TryAgain),
    ],
)
def test_what_is_said_of_a_recipient_is_read_by_its_enhanced_code(code, said, verdict):
    refused = aiosmtplib.SMTPRecipientRefused(code, said, "ann@shopper.example")
    assert type(email.read_error(aiosmtplib.SMTPRecipientsRefused([refused]))) is verdict


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (aiosmtplib.SMTPDataError(554, "5.7.1 spam"), Refused),
        (aiosmtplib.SMTPDataError(554, "5.1.1 no such user after all"), Undeliverable),
        (aiosmtplib.SMTPDataError(452, "4.3.1 disk full"), TryAgain),
        (aiosmtplib.SMTPSenderRefused(553, "5.7.1 not yours", "offers@shop.example"), ChannelDown),
        (aiosmtplib.SMTPAuthenticationError(535, "5.7.8 no"), ChannelDown),
        (aiosmtplib.SMTPServerDisconnected("gone"), TryAgain),
        (OSError("no route"), TryAgain),
    ],
)
def test_every_other_word_of_a_mail_server_has_its_verdict(error, verdict):
    told = email.read_error(error)
    assert type(told) is verdict
    assert "shopper.example" not in told.why


@pytest.mark.parametrize("missing", ["sender", "unsubscribe_url", "unsubscribe_key"])
def test_without_a_sender_or_a_way_out_the_start_is_stopped(missing):
    with pytest.raises(ValueError, match=f"{missing} is missing"):
        email.Settings(**{**SETTINGS.model_dump(), missing: None})
