"""One kept connection to a mail server, driven step by step.

smtplib's own sendmail() raises the same error whether the connection broke before or after the final dot. Only
after it can the message have been delivered, so the two must be told apart (RFC 1047): before it is safe to try again,
after it nobody knows."""

import re
import select
import smtplib
import socket
import ssl
from functools import partial
from typing import NamedTuple

from django.core.mail import DNS_NAME

from subscriptions.outcome import Fate, Outcome, without_address

MINUTE = 60
CONNECT_SECONDS = MINUTE  # with the greeting: less than the standard has, but nothing is at stake yet
COMMAND_SECONDS = 5 * MINUTE  # from here on RFC 5321, 4.5.3.2
DATA_SECONDS = 2 * MINUTE
BLOCK_SECONDS = 3 * MINUTE
FINAL_SECONDS = 10 * MINUTE  # giving up sooner makes duplicates
SERVICE_CLOSING = 421
NOT_UNDERSTOOD = range(500, 504)
"""Said of a command, not of a mail: perhaps because the server answers another one than we asked."""
_POLICY = re.compile(r"5\.7\.\d")


class _Lost(Exception):
    """The connection is gone or cannot be believed any more, before the final dot."""


class _Closing(_Lost):
    """The server said that it ends the connection."""


class Answer(NamedTuple):
    """What the server said."""

    code: int
    text: str

    @property
    def words(self) -> str:
        return f"{self.code} {self.text}"

    @property
    def is_consent(self) -> bool:
        return 200 <= self.code < 300

    @property
    def is_refusal(self) -> bool:
        return 400 <= self.code < 600


class SmtpLine:
    """A connection that is opened when first needed and kept from message to message. For one thread."""

    def __init__(
        self, *, host: str, port: int, username="", password="", use_ssl=False, use_tls=False, **_for_django
    ) -> None:
        self.place = (host, port)
        self.login = (username, password)
        self.use_ssl, self.use_tls = use_ssl, use_tls
        self.smtp: smtplib.SMTP | None = None
        self.is_fresh = False
        """Whether nothing was asked on this connection before the present mail."""

    def send(self, sender: str, recipient: str, message: bytes) -> Outcome:
        """Hand over a message with CRLF line ends. Says what is known, and raises nothing that the network does."""
        self.is_fresh = self.smtp is None
        if self.is_fresh:
            try:
                self._open()
            except (OSError, smtplib.SMTPException, UnicodeError) as error:
                self.close()
                return Outcome(Fate.BUSY if _is_temporary(error) else Fate.REFUSED, _trouble(error))
        try:
            return self._hand_over(sender, recipient, message)
        except _Lost as lost:
            self.close()
            if self.is_fresh:
                return Outcome(Fate.CUT, without_address(f"The connection ended: {lost}", recipient))
        # Servers end kept connections as they please, after so many mails or minutes: that says nothing of this mail.
        return self.send(sender, recipient, message)

    def close(self) -> None:
        if self.smtp is not None:
            self.smtp.close()
            self.smtp = None

    def quit(self) -> None:
        """End the connection as one should."""
        if self.smtp is not None and self.smtp.sock is not None:
            try:
                self.smtp.sock.settimeout(CONNECT_SECONDS)
                self.smtp.quit()
            except (OSError, smtplib.SMTPException):
                pass  # it has gone already
        self.close()

    def _open(self) -> None:
        kind = partial(smtplib.SMTP_SSL, context=ssl.create_default_context()) if self.use_ssl else smtplib.SMTP
        self.smtp = kind(*self.place, local_hostname=DNS_NAME.get_fqdn(), timeout=CONNECT_SECONDS)
        self.smtp.sock.settimeout(COMMAND_SECONDS)
        # Without it the final dot waits for the other side's delayed ACK: 40 ms a message.
        self.smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.use_tls:
            self.smtp.starttls(context=ssl.create_default_context())
        self._greet()
        if self.login[0]:
            self.smtp.login(*self.login)
        self.smtp.command_encoding = "utf-8"

    def _greet(self) -> None:
        code, text = self.smtp.ehlo()
        if code >= 500:
            code, text = self.smtp.helo()
        if code != 250:
            raise smtplib.SMTPHeloError(code, text)

    def _hand_over(self, sender: str, recipient: str, message: bytes) -> Outcome:
        options = ""
        if not message.isascii() and self.smtp.has_extn("8bitmime"):
            options += " BODY=8BITMIME"
        if not recipient.isascii():
            if not self.smtp.has_extn("smtputf8"):
                return Outcome(Fate.UNSENT, "The mail server takes no addresses in such letters.")
            options += " SMTPUTF8"
        if self._has_spoken():
            raise _Lost("the server spoke without being asked")
        if refusal := self._begin(f"MAIL FROM:<{sender}>{options}"):
            return refusal
        if refusal := self._step(f"RCPT TO:<{recipient}>", COMMAND_SECONDS, 250, 251):
            return _judged(refusal, recipient)
        if refusal := self._step("DATA", DATA_SECONDS, 354):
            return _judged(refusal, recipient)
        return self._end(recipient) if self._body(message) else self._refused_in_the_middle(recipient)

    def _begin(self, command: str) -> Outcome | None:
        """MAIL: who is not let in for the time being may hear of it only here."""
        try:
            refusal = self._step(command, COMMAND_SECONDS, 250)
        except _Closing as closing:
            if not self.is_fresh:
                raise
            self.close()
            return Outcome(Fate.BUSY, without_address(f"The mail server takes no mail for now: {closing}"))
        if refusal is None:
            return None
        if refusal.code < 500:
            return Outcome(Fate.BUSY, without_address(f"The mail server takes no mail for now: {refusal.words}"))
        return Outcome(Fate.REFUSED, without_address(f"The mail server refuses our mail: {refusal.words}"))

    def _step(self, command: str, seconds: int, *expected: int) -> Answer | None:
        """The refusal of a command, or None if the server says what it should.

        An answer that fits no such command was meant for another one. From then on each is one out of step, and a
        mail that was never sent would seem accepted: such a connection is given up."""
        answer = self._ask(command, seconds)
        if answer.code in expected:
            return None
        is_doubtful = answer.code in NOT_UNDERSTOOD
        if not answer.is_refusal or (is_doubtful and not self.is_fresh):
            raise _Lost(f"{answer.words} is no answer to {command.split()[0]}")
        if is_doubtful:
            self.close()
        else:
            self._reset()
        return answer

    def _has_spoken(self) -> bool:
        """Whether the server said something, or hung up, without being asked."""
        return bool(select.select([self.smtp.sock], [], [], 0)[0])

    def _body(self, message: bytes) -> bool:
        """Everything but the final dot. False if the server spoke, or hung up, while we still did."""
        message = message.replace(b"\r\n.", b"\r\n..")
        if message.startswith(b"."):
            message = b"." + message
        if not message.endswith(b"\r\n"):
            message += b"\r\n"
        try:
            self.smtp.sock.settimeout(BLOCK_SECONDS)
            self.smtp.sock.sendall(message)
            return not self._has_spoken()
        except OSError as error:
            raise _Lost(_said(error)) from None

    def _refused_in_the_middle(self, recipient: str) -> Outcome:
        answer = self._answer()
        if not answer.is_refusal:
            raise _Lost(f"{answer.words} in the middle of a message")
        self.close()  # what we have not ended cannot be taken back by RSET
        return _judged(answer, recipient)

    def _end(self, recipient: str) -> Outcome:
        """The final dot. From here on the message may have been delivered, whatever we hear or do not hear."""
        try:
            self.smtp.sock.settimeout(FINAL_SECONDS)
            self.smtp.sock.sendall(b".\r\n")
            code, text = self.smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Outcome(Fate.UNKNOWN, f"No answer after the last line: {_said(error)}"[:200])
        answer = Answer(code, text.decode(errors="replace"))
        if answer.is_refusal and code != SERVICE_CLOSING and code not in NOT_UNDERSTOOD:
            self._reset()  # one that crossed our dot is followed by an answer to the dot
        elif not answer.is_consent:
            self.close()
        return _judged(answer, recipient)

    def _ask(self, command: str, seconds: int) -> Answer:
        try:
            self.smtp.sock.settimeout(seconds)
            self.smtp.putcmd(command)
        except (OSError, smtplib.SMTPException) as error:
            raise _Lost(_said(error)) from None
        return self._answer()

    def _answer(self) -> Answer:
        try:
            code, text = self.smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise _Lost(_said(error)) from None
        answer = Answer(code, text.decode(errors="replace"))
        if code == SERVICE_CLOSING:
            raise _Closing(answer.words)
        return answer

    def _reset(self) -> None:
        try:
            if self._ask("RSET", COMMAND_SECONDS).code == 250:
                return
        except _Lost:
            pass
        self.close()


def _judged(answer: Answer, recipient: str) -> Outcome:
    """What a refusal, or any answer to the final dot, means for this message."""
    words = without_address(answer.words, recipient)
    if answer.is_consent:
        return Outcome(Fate.ACCEPTED, words)
    if not answer.is_refusal:
        return Outcome(Fate.UNKNOWN, words)
    if answer.code < 500:
        return Outcome(Fate.LATER, words)
    return Outcome(Fate.BLOCKED if _POLICY.match(answer.text) else Fate.FAILED, words)


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _is_temporary(error: Exception) -> bool:
    """Whether it was said to be so by a server that can be reached."""
    return isinstance(error, smtplib.SMTPResponseException) and 400 <= error.smtp_code < 500


def _trouble(error: Exception) -> str:
    """Why no connection came about, in words."""
    if isinstance(error, UnicodeError):  # whose own words would show a letter of the password
        return "The mail server cannot be told our name and password, or not be found: they hold letters outside ASCII."
    if isinstance(error, smtplib.SMTPAuthenticationError):
        what = "The mail server refuses our name and password"
    elif isinstance(error, ssl.SSLError):
        what = "No encrypted connection to the mail server"
    elif isinstance(error, smtplib.SMTPResponseException):
        what = "The mail server lets nobody in"
    else:
        what = "The mail server cannot be reached"
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        said = f"{error.smtp_code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
    else:
        said = _said(error)
    return without_address(f"{what}: {said}")
