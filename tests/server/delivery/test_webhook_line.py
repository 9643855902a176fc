"""The line to webhooks leads where it may and nowhere else, whatever a name says, and believes nobody's answer for long."""

from ipaddress import ip_network
from socket import AF_INET

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver

from server.delivery.webhook_line import NoAnswer, opened_line
from tests.server.delivery.receiver import Receiver

HERE = (ip_network("127.0.0.0/8"),)


class Names(AbstractResolver):
    """A DNS that answers each question with the next of its answers, the last for ever: so are rebinding ones."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.questions = 0

    async def resolve(self, host, port=0, family=AF_INET):  # noqa: ARG002 - the resolver's contract
        self.questions += 1
        hosts = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            {"hostname": host, "host": each, "port": port, "family": AF_INET, "proto": 0, "flags": 0}
            for each in hosts
        ]

    async def close(self):
        pass


@pytest.fixture
async def receiver():
    async with Receiver() as running:
        yield running


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",  # noqa: S104 - nobody binds to it
        "localhost.",
        "①②⑦.⓪.⓪.①",
        "crm.shop.example@127.0.0.1",
    ],
)
async def test_no_way_of_writing_it_leads_to_ourselves(receiver, host):
    async with opened_line(connections=5, timeout_s=5) as line:
        with pytest.raises(NoAnswer):
            await line.post(f"http://{host}:{receiver.port}/", b"{}", {})
    assert receiver.asked == []


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "10.0.0.1", "192.168.0.1", "127.0.0.1", "fd00:ec2::254"]
)
async def test_a_name_that_leads_inside_is_refused_in_words_without_the_address(receiver, address):
    async with opened_line(connections=5, timeout_s=5, resolver=Names([address])) as line:
        with pytest.raises(NoAnswer, match="private network") as refused:
            await line.post(f"http://crm.shop.example:{receiver.port}/", b"{}", {})
    assert address not in str(refused.value)
    assert receiver.asked == []


async def test_a_name_is_looked_up_once_for_a_connection_which_goes_to_what_was_looked_at(receiver):
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    async with opened_line(connections=5, timeout_s=5, allowed=HERE, resolver=names) as line:
        answer = await line.post(f"http://crm.shop.example:{receiver.port}/", b"{}", {})
    assert (answer.status, names.questions) == (204, 1)


async def test_a_name_that_changes_its_mind_between_two_posts_is_looked_at_again(receiver):
    receiver.headers = {"Connection": "close"}
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    async with opened_line(connections=5, timeout_s=5, allowed=HERE, resolver=names) as line:
        await line.post(f"http://crm.shop.example:{receiver.port}/", b"{}", {})
        with pytest.raises(NoAnswer, match="private network"):
            await line.post(f"http://crm.shop.example:{receiver.port}/", b"{}", {})
    assert len(receiver.asked) == 1


async def test_of_several_addresses_only_those_that_may_be_reached_are_tried(receiver):
    names = Names(["10.0.0.1", "127.0.0.1", "169.254.169.254"])
    async with opened_line(connections=5, timeout_s=5, allowed=HERE, resolver=names) as line:
        answer = await line.post(f"http://crm.shop.example:{receiver.port}/", b"{}", {})
    assert answer.status == 204


async def test_a_redirect_is_an_answer_and_not_followed(receiver):
    receiver.statuses.append(307)
    receiver.headers = {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"}
    async with opened_line(connections=5, timeout_s=5, allowed=HERE) as line:
        answer = await line.post(receiver.url, b"{}", {})
    assert (answer.status, len(receiver.asked)) == (307, 1)


async def test_a_proxy_of_the_environment_is_not_asked(receiver, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    async with opened_line(connections=5, timeout_s=5, allowed=HERE) as line:
        assert (await line.post(receiver.url, b"{}", {})).status == 204


async def test_who_never_answers_is_left(receiver):
    receiver.hangs = True
    async with opened_line(connections=5, timeout_s=0.2, allowed=HERE) as line:
        with pytest.raises(NoAnswer, match="in time"):
            await line.post(receiver.url, b"{}", {})


async def test_of_an_answer_without_end_only_the_beginning_is_read():
    told = 0

    async def talk(request):
        nonlocal told
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"x" * 65_536)
                told += 65_536
        except ConnectionError:
            return answer

    app = web.Application()
    app.router.add_post("/", talk)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    async with opened_line(connections=5, timeout_s=30, allowed=HERE) as line:
        assert (await line.post(url, b"{}", {})).status == 200
    await runner.cleanup()
    assert told < 50_000_000


@pytest.mark.parametrize(
    "url", ["http://", "gopher://127.0.0.1/", "http://[::1", "http://x:99999/", "nothing"]
)
async def test_what_is_no_url_is_told_as_such(url):
    async with opened_line(connections=5, timeout_s=5) as line:
        with pytest.raises(NoAnswer):
            await line.post(url, b"{}", {})


async def test_how_long_we_are_asked_to_wait_is_read(receiver):
    receiver.statuses.append(429)
    receiver.headers = {"Retry-After": "77"}
    async with opened_line(connections=5, timeout_s=5, allowed=HERE) as line:
        assert (await line.post(receiver.url, b"{}", {})).after_s == 77
