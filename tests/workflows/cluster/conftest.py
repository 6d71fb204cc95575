"""One Dask cluster of two worker processes for all tests of this folder, and a clip."""

import av
import pytest

from sleap_rt.runtime.frames.video import VideoFile
from sleap_rt.workflows.cluster.asked import AskedCluster

N_FRAMES = 80


@pytest.fixture(scope="session")
def dask_cluster(export_cache):
    """Two processes, as `dask worker` starts them; the cache of exports is this session's."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as cluster:
        yield cluster


@pytest.fixture
def workers(dask_cluster):
    """A client of the cluster, both workers there."""
    from distributed import Client

    with Client(dask_cluster, set_as_default=False) as client:
        client.wait_for_workers(2)
        yield client


@pytest.fixture
def asked(dask_cluster):
    return AskedCluster(address=dask_cluster.scheduler_address)


@pytest.fixture(scope="session")
def clip(tmp_path_factory, request):
    """A clip with a key frame every 10 frames."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    options = {"crf": "5", "g": "10"}
    with (
        VideoFile(request.config.rootpath / "samples/crawlers.mp4") as source,
        av.open(str(path), "w", options={"movflags": "faststart"}) as container,
    ):
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.height, stream.width = source.shape[:2]
        for index in range(N_FRAMES):
            image = source.read(index).repeat(3, axis=2)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path
