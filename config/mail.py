import secrets
from datetime import UTC, datetime
from pathlib import Path

from django.core.mail.backends.base import BaseEmailBackend


class OutboxBackend(BaseEmailBackend):
    """Mail as files in DATA_DIR/outbox, one each: what a demo, or a site without a mail provider, sends with."""

    def __init__(self, file_path: str, **options):
        super().__init__(**options)
        self.folder = Path(file_path)

    def send_messages(self, messages) -> int:
        """Keep each; how many there were. Their names sort by time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for message in messages:
            name = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{secrets.token_hex(4)}"
            unfinished = self.folder / f".{name}"
            unfinished.write_bytes(message.message().as_bytes())
            unfinished.rename(self.folder / f"{name}.eml")  # whoever lists the folder sees whole mails only
        return len(messages)
