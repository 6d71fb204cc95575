"""dask-jobqueue is loaded without its handler of Ctrl-C."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

LOAD = """
import signal
from sleap_rt.libraries.job_queues import dask_jobqueue
before = signal.getsignal(signal.SIGINT)
assert dask_jobqueue().SLURMCluster
assert signal.getsignal(signal.SIGINT) is before
"""


def test_ctrl_c_stays_as_it_was():
    if find_spec("dask_jobqueue") is None:
        pytest.skip("dask-jobqueue is not installed")
    done = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
