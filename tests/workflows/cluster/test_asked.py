"""What `--cluster` takes, and what it refuses ahead of everything else."""

import json
import os
from importlib.util import find_spec

import pytest

from sleap_rt.errors import OptionError, RunError
from sleap_rt.libraries.job_queues import dask_jobqueue
from sleap_rt.workflows.cluster.asked import asked_cluster
from sleap_rt.workflows.cluster.connection import connected
from sleap_rt.workflows.cluster.local_cores import share_of

if find_spec("dask_jobqueue") is None:
    pytest.skip("dask-jobqueue is not installed", allow_module_level=True)

SLURM = """
cluster: SLURMCluster
jobs: 8
arguments:
  queue: gpu
  cores: 4
  memory: 16GB
  job_extra_directives: ["--gres=gpu:1"]
"""


def test_a_scheduler_or_workers_of_this_machine():
    assert asked_cluster("tcp://10.0.0.1:8786").address == "tcp://10.0.0.1:8786"
    assert asked_cluster("head-node:8786").address == "head-node:8786"
    assert asked_cluster("local:3").n_local == 3
    assert asked_cluster("local").n_local


def test_jobs_of_a_queue_have_one_worker_with_all_their_cores(tmp_path):
    path = tmp_path / "slurm.yaml"
    path.write_text(SLURM)
    asked = asked_cluster(path)
    assert (asked.kind, asked.jobs) == ("SLURMCluster", 8)
    with dask_jobqueue().SLURMCluster(**asked.arguments, scheduler_options={"port": 0}) as cluster:
        script = cluster.job_script()
    assert "#SBATCH --gres=gpu:1" in script
    assert "#SBATCH --cpus-per-task=4" in script
    assert script.rstrip().endswith("--nthreads 1")  # the last one counts
    assert "--nworkers" not in script


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cluster: SLURMCluter", "has no cluster 'SLURMCluter'. Did you mean 'SLURMCluster'?"),
        ("cluster: 7", "has no cluster 7. There are HTCondorCluster, LSFCluster"),
        ("jobs: 3", "`cluster` is missing, as in `cluster: SLURMCluster`"),
        (SLURM.replace("jobs", "job"), "job is unknown. Did you mean 'jobs'?"),
        (SLURM.replace("memory", "memry"), "arguments.memry is unknown. Did you mean 'memory'?"),
        (SLURM.replace("8", "0"), "jobs must be a whole number, 1 or more; got 0"),
        (SLURM.replace("8", "many"), "jobs must be a whole number, 1 or more; got 'many'"),
        ("cluster: SLURMCluster\narguments: [1]", "arguments must be names and values; got [1]"),
        ("- a", "expected lines such as `cluster: SLURMCluster`"),
        ("a: [", "cannot be read: "),
    ],
)
def test_a_file_is_checked_word_by_word(text, words, tmp_path):
    path = tmp_path / "jobs.yaml"
    path.write_text(text)
    with pytest.raises(OptionError) as refused:
        asked_cluster(path)
    assert str(refused.value).startswith(f"cluster {path}: ")
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("local:0", "at least one worker is needed"),
        ("local:x", "expected local, local:N, the address of a scheduler"),
        ("what", "expected local, local:N, the address of a scheduler"),
        ("none.yaml", "cluster none.yaml: cannot be read: No such file"),
    ],
)
def test_other_words_are_refused(text, words):
    with pytest.raises(OptionError, match=words):
        asked_cluster(text)


def test_a_machine_that_submits_no_jobs_says_so(tmp_path, monkeypatch):
    (tmp_path / "slurm.yaml").write_text(SLURM)
    monkeypatch.setenv("PATH", str(tmp_path))
    words = "cluster SLURMCluster: cannot be used: sbatch, which submits jobs, is not on this"
    with pytest.raises(RunError, match=words), connected(asked_cluster(tmp_path / "slurm.yaml")):
        pass


@pytest.mark.parametrize("n_cores", [1, 2, 5, 16])
@pytest.mark.parametrize("n_workers", [1, 2, 3])
def test_workers_share_the_cores(n_cores, n_workers):
    cores = list(range(10, 10 + n_cores))
    shares = [share_of(cores, number, n_workers) for number in range(n_workers)]
    assert all(shares)
    assert {core for share in shares for core in share} == set(cores)
    if n_cores >= n_workers:
        assert sum(map(len, shares)) == n_cores  # no core twice
    assert share_of(cores, n_workers, n_workers) == shares[0]  # one that was restarted


REFUSES = """#!/bin/sh
echo "sbatch: error: invalid partition specified: nope" >&2
exit 1
"""
TAKES_ONE = """#!/bin/sh
mkdir "$0.taken" 2>/dev/null || { echo "sbatch: error: too many jobs" >&2; exit 1; }
echo "Submitted batch job 17"
"""


@pytest.fixture
def sbatch(tmp_path, monkeypatch):
    """`sbatch(script)`: stands for the program that submits jobs; the file that asks for two."""

    def sbatch(script, **arguments):
        for name, text in (("sbatch", script), ("scancel", "#!/bin/sh\n")):
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        said = {"cores": 1, "memory": "1GB", "scheduler_options": {"port": 0}, **arguments}
        asked = {"cluster": "SLURMCluster", "jobs": 2, "arguments": said}
        (tmp_path / "slurm.yaml").write_text(json.dumps(asked))
        return asked_cluster(tmp_path / "slurm.yaml")

    return sbatch


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"queue": "nope"}, "2 jobs of 2 refused: sbatch: error: invalid partition specified"),
        ({"cores": "many"}, "the arguments cannot be used: unsupported operand"),
        ({"memory": "lots"}, "the arguments cannot be used: .*lots"),
    ],
)
def test_a_mistake_in_the_settings_of_a_queue_ends_the_run(sbatch, arguments, words, capfd):
    with pytest.raises(RunError, match=words), connected(sbatch(REFUSES, **arguments)):
        pass
    assert "Traceback" not in capfd.readouterr().err


def test_jobs_that_were_taken_work_without_those_that_were_refused(sbatch):
    told = []
    with connected(sbatch(TAKES_ONE), told.append):
        pass
    assert told == ["cluster SLURMCluster: 1 job of 2 refused: sbatch: error: too many jobs"]
