"""`bench` says what it measured, and nothing that its figures do not show."""

import re

VIDEO = "samples/crawlers.mp4"
QUICK = ("-d", "cpu", "-b", "1", "--n_batches", "1")


def test_only_a_video_is_compared_with_how_fast_videos_play(sample_graphs, call):
    """The stored frame may show another number of animals than anybody's video."""
    words = ("bench", *sample_graphs("bottomup"), *QUICK)
    stored, own = call(*words).out, call(*words, "-i", VIDEO).out
    assert re.search(
        r" frames/s\. Measured: one stored frame with \d+ animals?; -i VIDEO me", stored
    )
    assert "plays" not in stored
    assert "times as fast as a video of 30 frames/s plays." in own
    assert "stored frame" not in own
