"""A mail server on a local port: real SMTP (aiosmtpd), scripted refusals, and the mailboxes behind it."""

import asyncio
import warnings
from collections import deque
from email import message_from_bytes
from email.policy import default

from aiosmtpd.smtp import SMTP, AuthResult


class MailServer:
    """`async with` starts it. `arrived` are the messages that it took, parsed; `raw` the same, byte by byte."""

    def __init__(self, *, password=None):
        self.arrived = []
        self.raw = []
        self.password = password
        self.to_recipients = deque()
        self.to_content = deque()
        self.port = 0
        self._lines = set()

    async def __aenter__(self):
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._protocol, "127.0.0.1", 0)
        self._server, self.port = server, server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_failure):
        self._server.close()
        for line in self._lines:
            if line.transport is not None:
                line.transport.abort()

    def _protocol(self):
        asked = {"auth_required": True, "authenticator": self._lets_in} if self.password else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of passwords without TLS: ours is none
            line = SMTP(
                self, enable_SMTPUTF8=True, auth_require_tls=False, ident="mail.shop.example", **asked
            )
        self._lines.add(line)
        return line

    def _lets_in(self, _server, _session, _envelope, _mechanism, given):
        return AuthResult(success=given.password.decode() == self.password, handled=False)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd's word
        if self.to_recipients:
            return self.to_recipients.popleft()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's word
        if self.to_content:
            return self.to_content.popleft()
        self.raw.append(envelope.content)
        self.arrived.append(message_from_bytes(envelope.content, policy=default))
        return "250 taken"
