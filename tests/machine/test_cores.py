"""Cores that a process may use: the least of what binds it, in files made for the test."""

import os

import pytest

from sleap_rt.machine.cores import Cores, available_cores

V2 = "0::/user.slice/job_7\n"
V1 = "5:memory:/job_7\n4:cpu,cpuacct:/user/job_7\n0::/\n"


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)


def machine(root, groups, **files):
    """A file system with these cgroup files."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        (V2, {}, Cores(8, "machine")),
        (V2, {"user.slice/job_7/cpu.max": "max 100000\n"}, Cores(8, "machine")),
        (V2, {"user.slice/job_7/cpu.max": "300000 100000\n"}, Cores(3, "cgroup quota")),
        (V2, {"user.slice/cpu.max": "150000 100000\n"}, Cores(2, "cgroup quota")),  # from above
        (V2, {"cpu.max": "50000 100000\n"}, Cores(1, "cgroup quota")),  # a container's own root
        (V2, {"cpu.max": "9900000 100000\n"}, Cores(8, "machine")),
        (V2, {"cpu.max": "nonsense\n"}, Cores(8, "machine")),
        (V2, {"cpu.max": "100000 0\n"}, Cores(8, "machine")),
        ("", {"cpu.max": "200000 100000\n"}, Cores(8, "machine")),  # no cgroups here
        (
            V1,
            {
                "cpu,cpuacct/user/job_7/cpu.cfs_quota_us": "400000\n",
                "cpu,cpuacct/user/job_7/cpu.cfs_period_us": "100000\n",
            },
            Cores(4, "cgroup quota"),
        ),
        (
            V1,
            {"cpu/cpu.cfs_quota_us": "250000\n", "cpu/cpu.cfs_period_us": "100000\n"},
            Cores(3, "cgroup quota"),
        ),
        (
            V1,
            {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"},
            Cores(8, "machine"),
        ),
    ],
)
def test_a_quota_limits_the_cores(groups, files, expected, tmp_path):
    assert available_cores(machine(tmp_path, groups, **files), {}) == expected


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        ("2", Cores(2, "SLURM_CPUS_PER_TASK")),
        ("64", Cores(5, "cgroup quota")),
        ("0", Cores(5, "cgroup quota")),
        ("many", Cores(5, "cgroup quota")),
    ],
)
def test_the_share_of_a_task_counts_where_it_is_less(share, expected, tmp_path):
    root = machine(tmp_path, V2, **{"cpu.max": "500000 100000"})
    assert available_cores(root, {"SLURM_CPUS_PER_TASK": share}) == expected


def test_a_mask_counts_where_it_is_less(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {4, 6, 7}, raising=False)
    root = machine(tmp_path, V2, **{"cpu.max": "500000 100000"})
    assert available_cores(root, {"SLURM_CPUS_PER_TASK": "4"}) == Cores(3, "affinity mask")


def test_a_system_without_masks_and_cgroups_has_its_cores(monkeypatch, tmp_path):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert available_cores(tmp_path, {}) == Cores(8, "machine")


def test_engines_and_decoder_take_that_many_threads(monkeypatch, sample_graphs, request):
    """Three of eight, as SLURM says."""
    from sleap_rt.options import EngineOptions
    from sleap_rt.runtime.engines import ort
    from sleap_rt.runtime.frames.video.container import open_container

    (graph,) = sample_graphs("single_instance")
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "3")
    given = []
    plain = ort.session_settings

    def settings(threads):
        given.append(threads)
        return plain(threads)

    monkeypatch.setattr(ort, "session_settings", settings)
    for options in (EngineOptions(device="cpu"), EngineOptions(device="cpu", threads=2)):
        ort.OrtEngine(graph, options).close()
    assert given == [3, 2]
    video = request.config.rootpath / "samples/crawlers.mp4"
    opened = open_container(video)
    assert opened.stream.codec_context.thread_count == 3
    opened.container.close()
