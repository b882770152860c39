"""The web server: granian around Django, in one process. `python -m config.web` (config/serve.py starts it).

granian's own command keeps a parent and a helper beside its worker, which cost 40 MB and do what our
supervisor does already. So the worker it would start is run right here. Those are private names of
granian: the lock pins it, and tests/config/test_serve.py runs it.
"""

import sys
from functools import partial

from django.conf import settings
from granian._internal import load_target
from granian.constants import Interfaces, RuntimeModes
from granian.log import LogLevels
from granian.server.mp import MPServer


def main() -> None:
    server = MPServer(
        "config.wsgi:application",
        address=settings.BIND,
        port=settings.PORT,
        interface=Interfaces.WSGI,
        runtime_mode=RuntimeModes.mt,
        runtime_threads=1,  # threads of the Rust side, which parses HTTP; Python runs in the blocking ones
        runtime_blocking_threads=8,
        blocking_threads=settings.WEB_THREADS,
        websockets=False,
        log_level=LogLevels.warning,
    )
    server._init_shared_socket()
    worker = server._spawn_worker(0, server._spawn_wsgi_worker, partial(load_target, server.target))
    worker.inner.run()  # in this process, until SIGTERM


if __name__ == "__main__":
    sys.exit(main())
