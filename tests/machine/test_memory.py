"""Free memory: the least of what machine and cgroups have left, in files made for the test."""

import pytest

from sleap_rt.machine.memory import free_bytes

MIB = 1 << 20


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("", {}, 2048 * MIB),
        (
            "0::/job\n",
            {"job/memory.max": f"{900 * MIB}\n", "job/memory.current": f"{300 * MIB}\n"},
            600 * MIB,
        ),
        ("0::/job\n", {"job/memory.max": "max\n", "job/memory.current": "5\n"}, 2048 * MIB),
        (
            "0::/a/b\n",
            {"a/memory.max": f"{70 * MIB}\n", "a/memory.current": f"{80 * MIB}\n"},
            0,
        ),
        (
            "4:memory:/job\n3:cpu:/\n",
            {
                "memory/job/memory.limit_in_bytes": f"{500 * MIB}\n",
                "memory/job/memory.usage_in_bytes": f"{100 * MIB}\n",
            },
            400 * MIB,
        ),
    ],
)
def test_the_least_counts(groups, files, expected, tmp_path):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(groups)
    kib = 2048 * 1024
    (tmp_path / "proc/meminfo").write_text(f"MemTotal: 9999999 kB\nMemAvailable: {kib} kB\n")
    for name, text in files.items():
        path = tmp_path / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert free_bytes(tmp_path) == expected


def test_a_system_that_does_not_tell_sets_no_limit(tmp_path):
    assert free_bytes(tmp_path) is None
