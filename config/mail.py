from django.core.mail.backends.filebased import EmailBackend


class OutboxBackend(EmailBackend):
    """Mail as files in DATA_DIR/outbox: what a demo, or a site without a mail provider, sends with.

    `check --deploy` takes Django's own file backend for a forgotten development setting and refuses it;
    here it is a choice, so it has a name of its own.
    """
