import pytest

from sleap_rt.errors import EngineError
from sleap_rt.runtime.engines.tensorrt.shapes import ShapeProfile, ShapeRange, profile_for

FRAMES = (4, 250, 324, 1)


def test_frame_size_is_fixed_and_the_batch_is_free() -> None:
    profile = profile_for({"frames": FRAMES})
    assert profile.range_of("frames", (None, None, None, None)) == ShapeRange(
        (1, 250, 324, 1), (2, 250, 324, 1), (8, 250, 324, 1)
    )


def test_crops_and_slots_are_free_on_their_first_axis_only() -> None:
    profile = ShapeProfile(frame_size=(8, 8, 3), max_crops=32, max_slots=16)
    assert profile.range_of("centers", (None, 2)) == ShapeRange((1, 2), (8, 2), (32, 2))
    assert profile.range_of("frame_index", (None,)) == ShapeRange((1,), (8,), (32,))
    assert profile.range_of("slots", (None,)) == ShapeRange((1,), (4,), (16,))


def test_what_is_not_free_stays() -> None:
    profile = ShapeProfile(frame_size=(8, 8, 3))
    assert profile.range_of("peak_threshold", ()) == ShapeRange((), (), ())


@pytest.mark.parametrize(("name", "shape"), [("mystery", (None,)), ("centers", (None, None))])
def test_an_input_without_a_rule_is_refused(name: str, shape: tuple[int | None, ...]) -> None:
    with pytest.raises(EngineError, match=name):
        ShapeProfile(frame_size=(8, 8, 3)).range_of(name, shape)


def test_a_profile_stays_while_it_covers_the_run() -> None:
    first = profile_for({"frames": FRAMES, "slots": (16,)})
    assert first.grown_to({"frames": (8, 250, 324, 1), "slots": (64,)}) == first
    assert first.grown_to({"frames": (1, 250, 324, 1), "slots": (1,)}) == first


def test_a_profile_doubles_only_where_the_run_exceeds_it() -> None:
    first = profile_for({"frames": FRAMES, "slots": (16,), "centers": (3, 2), "frame_index": (3,)})
    grown = first.grown_to({"frames": FRAMES, "slots": (65,), "centers": (300, 2)})
    assert (grown.max_batch, grown.max_slots, grown.max_crops) == (first.max_batch, 128, 512)


def test_another_frame_size_is_another_profile() -> None:
    first = profile_for({"frames": FRAMES})
    other = first.grown_to({"frames": (4, 250, 324, 3)})
    assert other.frame_size == (250, 324, 3)
    assert other != first
