"""The program `sleap-nn`, also as `python -m sleap_rt`."""

import gc
import os
import sys
import threading

from sleap_rt.interrupts import Interrupts

_SEARCHES = (5_000, 50)  # new objects per search for garbage; at 700, loading modules sets off many
_LEFT_BEHIND = ("read-frames", "run-engine", "tensorrt-build")  # threads that may never return


def main() -> None:
    """Run the program, ready for signals before anything that takes time is imported."""
    gc.set_threshold(*_SEARCHES)
    _open_missing_streams()
    with Interrupts() as interrupts:
        try:
            from sleap_rt.cli import main as run

            run()
        except SystemExit as left:
            interrupts.ignore()  # a signal would now end the program in the midst of its end
            _leave_at_once(left.code)
            raise
        except BaseException:
            if interrupts.number is None:
                raise
            print(interrupts.words, file=sys.stderr)
            sys.exit(interrupts.exit_code)
        finally:
            interrupts.ignore()  # also while Python ends
            exec("")  # else it dies of SIGINT, had one come within such a call, as of a dataclass
            gc.freeze()  # whose search for objects to delete takes a tenth of a second


def _open_missing_streams() -> None:
    """Let what is said to a closed stream pass: services start programs without any.

    Else the next file that is opened would take its place, and be written into by libraries.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
            os.set_inheritable(nowhere, True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w" if number else "r"))  # noqa: SIM115


def _leave_at_once(code: object) -> None:
    """End now if a library still computes in a thread: its end would have to be waited for."""
    if any(thread.name in _LEFT_BEHIND for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    main()
