"""Every identity metric on a small case worked by hand."""

import math

import numpy as np
import pytest

from sleap_rt.evaluation.identity.association import association_shares
from sleap_rt.evaluation.identity.clear import clear_counts, clear_values, match_tracks
from sleap_rt.evaluation.identity.hota import hota_counts, hota_values
from sleap_rt.evaluation.identity.idf1 import id_counts, id_values
from sleap_rt.evaluation.identity.switches import find_switches

from .sequences import sequence, two_animals_that_swap


def clear(case, threshold=0.5):
    matches = match_tracks(case, threshold)
    switches = find_switches(case, matches)
    return clear_values(clear_counts(case, matches, len(switches))), switches


def test_a_swap_costs_association_and_not_detection():
    case = two_animals_that_swap(n_before=3, n_after=1)
    values, switches = clear(case)
    # 8 detections, all right; at frame 3 both animals change their track.
    assert (values["TP"], values["FN"], values["FP"], values["IDSW"]) == (8, 0, 0, 2)
    assert values["MOTA"] == pytest.approx((8 - 2) / 8)
    assert values["MODA"] == values["MOTP"] == 1.0
    assert (values["MT"], values["PT"], values["ML"], values["Frag"]) == (2, 0, 0, 0)
    assert [(s.frame_idx, s.animal, s.from_track, s.to_track) for s in switches] == [
        (3, "animal 0", "track 0", "track 1"),
        (3, "animal 1", "track 1", "track 0"),
    ]
    # Best mapping: as at the start, 3 of 4 frames.
    ids = id_values(id_counts(case, 0.5))
    assert (ids["IDTP"], ids["IDFN"], ids["IDFP"]) == (6, 2, 2)
    assert ids["IDF1"] == ids["IDP"] == ids["IDR"] == pytest.approx(0.75)
    # A(c): 3 of the frames of both tracks together are 3 / (4 + 4 - 3), the other 1 / 7.
    hota = hota_values(hota_counts(case))
    association = (6 * 3 / 5 + 2 * 1 / 7) / 8
    assert hota["AssA"] == pytest.approx(association)
    assert hota["DetA"] == hota["LocA"] == 1.0
    assert hota["HOTA"] == pytest.approx(math.sqrt(association))


def test_similarity_decides_how_long_hota_sees_a_detection():
    # One animal, one track, similarity 0.5: matched at the thresholds .05 .. .50, 10 of 19.
    case = sequence(((0,), (0,), [[0.5]]), ((0,), (0,), [[0.5]]))
    hota = hota_values(hota_counts(case))
    assert hota["DetA"] == hota["AssA"] == hota["HOTA"] == pytest.approx(10 / 19)
    assert hota["LocA"] == pytest.approx((10 * 0.5 + 9 * 1.0) / 19)
    np.testing.assert_array_equal(hota["HOTA_TP_alpha"], [2] * 10 + [0] * 9)


def test_missed_and_extra_animals():
    case = sequence(
        ((0, 1), (0,), [[0.9], [0.0]]),
        ((0, 1), (0, 1), [[0.8, 0.0], [0.0, 0.2]]),
        ((0,), (), []),
        ((), (1,), []),
    )
    values, switches = clear(case)
    assert (values["TP"], values["FN"], values["FP"]) == (2, 3, 2)
    assert values["MOTP"] == pytest.approx(0.85)
    assert values["MOTA"] == pytest.approx((2 - 2) / 5)
    # Animal 0 is matched in 2 of 3 frames, animal 1 in 0 of 2.
    assert (values["MT"], values["PT"], values["ML"]) == (0, 1, 1)
    assert switches == []


@pytest.mark.parametrize(
    ("n_found", "expected"), [(10, "MT"), (9, "MT"), (8, "PT"), (2, "PT"), (1, "ML"), (0, "ML")]
)
def test_mostly_tracked_is_more_than_80_percent_lost_less_than_20(n_found, expected):
    found, missed = ((0,), (0,), [[1.0]]), ((0,), (1,), [[0.0]])
    values, _ = clear(sequence(*[found] * n_found, *[missed] * (10 - n_found)))
    assert {key: values[key] for key in ("MT", "PT", "ML")} == {
        key: int(key == expected) for key in ("MT", "PT", "ML")
    }


def test_an_interruption_is_a_fragmentation_and_no_switch():
    found, lost = ((0,), (0,), [[1.0]]), ((0,), (0,), [[0.1]])
    values, switches = clear(sequence(found, lost, found, lost, found))
    assert (values["Frag"], values["IDSW"]) == (2, 0)
    assert switches == []


def test_a_frame_without_predictions_does_not_fragment():
    # As TrackEval has it: a frame that is empty on one side is passed over.
    found, empty = ((0,), (0,), [[1.0]]), ((0,), (), [])
    values, _ = clear(sequence(found, empty, found))
    assert (values["Frag"], values["FN"]) == (0, 1)


def test_a_match_goes_on_although_another_would_fit_better():
    case = sequence(
        ((0,), (0, 1), [[0.9, 0.6]]),
        ((0,), (0, 1), [[0.6, 0.9]]),  # track 0 still reaches the threshold
        ((0,), (0, 1), [[0.4, 0.9]]),  # now it does not
    )
    values, switches = clear(case)
    assert values["MOTP"] == pytest.approx((0.9 + 0.6 + 0.9) / 3)
    assert [s.frame_idx for s in switches] == [2]


def test_switches_tell_frame_numbers_and_what_was_lost_in_between():
    case = sequence(
        ((0,), (0,), [[1.0]]),
        ((0,), (0,), [[0.0]]),
        ((), (0,), []),  # the animal is away: nothing is lost here
        ((0,), (), []),
        ((0,), (1,), [[1.0]]),
        frame_idxs=[10, 20, 25, 30, 40],
    )
    _, (switch,) = clear(case)
    assert (switch.last_frame_idx, switch.frame_idx, switch.frames_lost) == (10, 40, 2)
    assert switch.as_dict() == {
        "video": "v.mp4",
        "animal": "animal 0",
        "frame_idx": 40,
        "last_frame_idx": 10,
        "from_track": "track 0",
        "to_track": "track 1",
        "frames_lost": 2,
    }


def test_the_threshold_is_inclusive():
    case = sequence(((0,), (0,), [[0.5]]))
    assert clear(case)[0]["TP"] == 1
    assert id_values(id_counts(case, 0.5))["IDTP"] == 1
    assert clear(case, threshold=0.51)[0]["TP"] == 0


def test_nothing_predicted():
    case = sequence(((0,), (), []), ((0, 1), (), []))
    values, switches = clear(case)
    assert (values["FN"], values["ML"], values["MOTA"], switches) == (3, 2, 0.0, [])
    assert np.isnan([values["IDSW"], values["Frag"]]).all()  # nothing could be followed
    hota = hota_values(hota_counts(case))
    assert (hota["HOTA"], hota["DetA"], hota["LocA"]) == (0.0, 0.0, 1.0)
    assert id_values(id_counts(case, 0.5))["IDF1"] == 0.0


def shares(case, threshold=0.5):
    matches = match_tracks(case, threshold)
    switches = find_switches(case, matches)
    return association_shares([case], threshold, switches, is_followed=len(matches.gt_ids) > 0)


def test_a_swap_is_all_associations_fault():
    values = shares(two_animals_that_swap(3, 1))
    assert values["IDF1"] == values["IDF1_association_alone"] == pytest.approx(0.75)
    assert values["IDF1_perfect_association"] == values["HOTA_perfect_association"] == 1.0
    assert values["IDF1_lost_by_detector"] == values["HOTA_lost_by_detector"] == 0.0
    assert values["IDF1_lost_by_association"] == pytest.approx(0.25)
    assert values["HOTA_association_alone"] == pytest.approx(values["HOTA"])
    assert (values["switches_by_association"], values["switches_after_loss"]) == (2, 0)


def test_misses_and_extras_are_all_the_detectors_fault():
    # 4 frames: found twice, then lost, then lost with a false one elsewhere.
    case = sequence(*[((0,), (0,), [[1.0]])] * 2, ((0,), (), []), ((0,), (1,), [[0.0]]))
    values = shares(case)
    expected = 2 / (2 + 0.5 * 2 + 0.5 * 1)
    assert values["IDF1"] == values["IDF1_perfect_association"] == pytest.approx(expected)
    assert values["IDF1_lost_by_association"] == 0.0
    assert values["IDF1_association_alone"] == values["HOTA_association_alone"] == 1.0
    assert values["HOTA_lost_by_association"] == pytest.approx(0.0)
    assert values["HOTA_lost_by_detector"] == pytest.approx(1 - values["HOTA"])


def test_a_switch_after_a_loss_is_told_from_one_in_sight():
    lost_first = sequence(((0,), (0,), [[1.0]]), ((0,), (0,), [[0.0]]), ((0,), (1,), [[1.0]]))
    values = shares(lost_first)
    assert (values["switches_by_association"], values["switches_after_loss"]) == (0, 1)


def test_association_alone_of_nothing_found_is_0():
    values = shares(sequence(((0,), (0,), [[0.0]])))
    assert values["IDF1_association_alone"] == values["HOTA_association_alone"] == 0.0
    assert values["IDF1_lost_by_detector"] == 1.0
