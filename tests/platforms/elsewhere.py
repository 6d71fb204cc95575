"""Runs the program as if this were Windows or macOS: `python elsewhere.py win32 ARGUMENTS...`.

Libraries are loaded as this system is; then ours are loaded again without what only POSIX or Linux
has, and the command runs. Files, of course, stay this system's.
"""

import importlib
import os
import pkgutil
import signal
import sys
from types import ModuleType

NOT_ON_WINDOWS = ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty")
ONLY_LINUX = ("sched_getaffinity", "sched_setaffinity", "memfd_create", "copy_file_range")
NEED_THE_EXPORT_EXTRA = ("sleap_rt.export", "sleap_rt.models", "sleap_rt.workflows.export")


class Blocked:
    """No module of these names can be found."""

    def find_spec(self, name, _path=None, _target=None):
        if name in NOT_ON_WINDOWS:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def modules():
    import sleap_rt

    for found in pkgutil.walk_packages(sleap_rt.__path__, "sleap_rt.", onerror=lambda name: None):
        if not found.name.startswith(NEED_THE_EXPORT_EXTRA) and "__main__" not in found.name:
            yield found.name


def load_all():
    names = list(modules())
    for name in names:
        importlib.import_module(name)
    return names


def forget_ours():
    for name in [name for name in sys.modules if name.partition(".")[0] == "sleap_rt"]:
        del sys.modules[name]


def as_on_windows():
    sys.meta_path.insert(0, Blocked())
    for name in NOT_ON_WINDOWS:
        sys.modules.pop(name, None)
    msvcrt = ModuleType("msvcrt")
    vars(msvcrt).update(LK_NBLCK=2, locking=lambda descriptor, mode, n_bytes: None)
    sys.modules["msvcrt"] = msvcrt
    del signal.SIGHUP
    sys.platform = "win32"


def as_on_macos():
    import fcntl

    vars(fcntl)["F_FULLFSYNC"] = 51  # which Linux refuses, as disks may
    sys.platform = "darwin"


def main(system, arguments):
    first = load_all()
    forget_ours()
    {"win32": as_on_windows, "darwin": as_on_macos}[system]()
    for name in ONLY_LINUX:
        delattr(os, name)
    again = load_all()
    assert again == first
    assert len(again) > 200
    from sleap_rt.__main__ import main as program

    sys.argv = ["sleap-rt", *arguments]
    program()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
