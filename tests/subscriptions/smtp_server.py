"""A real SMTP server with faults to switch on: aiosmtpd in a thread of its own.

A fault is a number n: it befalls every n-th command or message. Nothing is random, so a failing test fails again."""

import asyncio
import logging
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from threading import Thread

from aiosmtpd.smtp import SMTP, AuthResult

logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd's own: a line for each line it reads

MESSAGE_ID = re.compile(rb"^Message-ID: <(.+)>\r?$", re.MULTILINE | re.IGNORECASE)


@dataclass
class Faults:
    """What the server does wrong. 0 and empty for nothing."""

    refuse_greeting: int = 0  # 421 instead of being greeted
    most_connections: int = 0  # 421 to those beyond
    refuse_sender: str = ""  # said to every MAIL
    refuse_recipient: dict[str, str] = field(default_factory=dict)  # what is said to addresses that contain the key
    refuse_data: str = ""  # said to every DATA
    greylist: int = 0  # 451 on the first try
    unknown_user: int = 0  # 550 at RCPT
    cut_at_mail: int = 0
    cut_at_recipient: int = 0
    cut_at_data: int = 0  # instead of 354
    cut_in_body: int = 0  # after 354
    answer_twice: int = 0  # 552 that crosses the final dot, which then is not understood
    busy_after_dot: int = 0  # 451 after the final dot
    lose_reply: int = 0  # takes the message and hangs up without saying so
    mails_a_connection: int = 0  # then 421
    seconds_a_mail: float = 0


@dataclass
class Taken:
    """A message that was accepted."""

    to: str
    message_id: str
    content: bytes
    sender: str


class Server:
    """What the server did, and what it shall do wrong. Change `faults` at any time; use as a context manager."""

    def __init__(self, port: int = 0):
        self.faults = Faults()
        self.taken: list[Taken] = []
        self.refused: Counter[str] = Counter()  # those of whom it said that nobody knows them
        self.counts: Counter[str] = Counter()
        self.tries: defaultdict[str, list[float]] = defaultdict(list)
        self.inside: set[_Session] = set()
        self.port = port
        self.loop = asyncio.new_event_loop()

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_error) -> None:
        self.stop()

    def start(self) -> None:
        self.thread = Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.listen()

    def listen(self) -> None:
        """Answer from now on, at the port of before."""
        options = {"loop": self.loop, "enable_SMTPUTF8": True, "ident": "test"}
        options |= {
            "auth_require_tls": False,
            "authenticator": lambda *_anybody: AuthResult(success=False, handled=False),
        }
        listening = self.loop.create_server(lambda: _Session(self, **options), "127.0.0.1", self.port)
        self.listener = asyncio.run_coroutine_threadsafe(listening, self.loop).result(10)
        self.port = self.listener.sockets[0].getsockname()[1]

    def go_away(self) -> None:
        """Refuse connections, until listen()."""
        self.loop.call_soon_threadsafe(self.listener.close)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.listener.close()
        self.loop.close()

    @property
    def mailer(self) -> dict:
        """What stands in MAILERS to send by this server."""
        options = {"host": "127.0.0.1", "port": self.port}
        return {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}

    def recipients(self) -> Counter[str]:
        """How many messages each address got."""
        return Counter(message.to for message in self.taken)

    def is_turn(self, fault: str) -> bool:
        """Counts one more occasion for a fault, and says whether it is to happen."""
        every = getattr(self.faults, fault)
        self.counts[f"{fault} possible"] += 1
        happens = bool(every) and self.counts[f"{fault} possible"] % every == 0
        self.counts[fault] += happens
        return happens

    async def handle_DATA(self, connection, session, envelope):
        if self.faults.seconds_a_mail:
            await asyncio.sleep(self.faults.seconds_a_mail)
        if self.is_turn("busy_after_dot"):
            return "451 4.3.0 try again later"
        if self.is_turn("answer_twice"):
            return "552 5.3.4 too large\r\n500 5.5.2 not understood"
        found = MESSAGE_ID.search(envelope.original_content)
        name = found[1].decode() if found else ""
        for to in envelope.rcpt_tos:
            self.taken.append(Taken(to, name, bytes(envelope.original_content), envelope.mail_from))
        connection.mails += 1
        if self.is_turn("lose_reply"):
            connection.transport.abort()
        return "250 2.0.0 taken"


class _Session(SMTP):
    def __init__(self, server: Server, **options):
        super().__init__(server, **options)
        self.server, self.mails = server, 0

    def connection_made(self, transport):
        self.server.counts["connections"] += 1
        most = self.server.faults.most_connections
        if not most or len(self.server.inside) < most:
            self.server.inside.add(self)
        super().connection_made(transport)

    def connection_lost(self, error):
        self.server.inside.discard(self)
        super().connection_lost(error)

    async def smtp_EHLO(self, hostname):
        if self not in self.server.inside:
            await self._hang_up("421 4.7.0 too many connections")
        elif self.server.is_turn("refuse_greeting"):
            await self._hang_up("421 4.3.2 not now")
        else:
            await super().smtp_EHLO(hostname)

    async def smtp_MAIL(self, arg):
        most = self.server.faults.mails_a_connection
        if most and self.mails >= most:
            await self._hang_up("421 4.7.0 enough for one connection")
        elif self.server.is_turn("cut_at_mail"):
            await self._hang_up()
        elif self.server.faults.refuse_sender:
            await self.push(self.server.faults.refuse_sender)
        else:
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg):
        address = re.search(r"<(.*)>", arg)[1]
        server, faults = self.server, self.server.faults
        server.tries[address].append(time.time())
        said = next((answer for part, answer in faults.refuse_recipient.items() if part in address), None)
        if server.is_turn("cut_at_recipient"):
            await self._hang_up()
        elif said:
            await self.push(said)
        elif server.is_turn("unknown_user"):
            server.refused[address] += 1
            await self.push(f"550 5.1.1 <{address}> no such user")
        elif len(server.tries[address]) == 1 and server.is_turn("greylist"):
            await self.push("451 4.7.1 try again later")
        else:
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg):
        if self.server.is_turn("cut_at_data"):
            await self._hang_up()
        elif self.server.is_turn("cut_in_body"):
            await self.push("354 go on")
            await self._hang_up()
        elif self.server.faults.refuse_data:
            await self.push(self.server.faults.refuse_data)
        else:
            await super().smtp_DATA(arg)

    async def _hang_up(self, answer: str = "") -> None:
        if answer:
            await self.push(answer)
        self.transport.close()
