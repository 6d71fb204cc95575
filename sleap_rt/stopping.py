"""Whether the work of a thread is still wanted: long work in other libraries asks now and then."""

import threading
from contextvars import ContextVar

STOPPED: ContextVar[threading.Event | None] = ContextVar("nobody wants the work", default=None)
"""Set by whoever starts a thread; None where nobody can stop the work."""
