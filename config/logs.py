"""The secrets of links are a number, a dash and many hexadecimal digits. They stay out of the log."""

import logging
import re

SECRET = re.compile(r"\b\d+-[0-9a-f]{16,}")


class DiscreetPaths(logging.Filter):
    """For Django's lines about faults, which hold the path that was asked for: takes secrets out before any handler,
    a monitoring service's as well, is given the record."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(SECRET.sub("…", arg) if isinstance(arg, str) else arg for arg in record.args)
        return True


class Discreet(logging.Formatter):
    """A line of the site's own log, whoever wrote it, and with its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return SECRET.sub("…", super().format(record))
