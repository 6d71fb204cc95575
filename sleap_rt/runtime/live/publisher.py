"""Results over ZeroMQ: a PUB socket that any number of programs may subscribe to."""

from sleap_rt.errors import OptionError
from sleap_rt.runtime.live.message import message_of
from sleap_rt.runtime.live.result import LiveResult

_LINGER_MS = 500  # that the last results may take to leave


class Publisher:
    """An `Outlet`. Each result is one message, JSON in UTF-8; who is not listening misses it.

    Args:
        address: to bind, e.g. `tcp://127.0.0.1:5555`; port `*` takes any that is free.

    Attributes:
        address: where subscribers connect to.

    Raises:
        OptionError: ZeroMQ is not installed, or cannot be bound there.
    """

    def __init__(self, address: str) -> None:
        try:
            import zmq
        except ImportError as error:
            raise OptionError(
                "zmq: ZeroMQ is not installed. Install it with `pip install 'sleap-rt[live]'`."
            ) from error
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        try:
            self._socket.bind(address)
        except zmq.ZMQError as error:
            self.close()
            raise OptionError(f"zmq {address}: cannot publish there: {error}") from error
        self.address = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)

    def take(self, result: LiveResult) -> None:
        self._socket.send_string(message_of(result))  # PUB never waits: it drops for the slow

    def close(self) -> None:
        self._socket.close(linger=_LINGER_MS)
        self._context.term()
