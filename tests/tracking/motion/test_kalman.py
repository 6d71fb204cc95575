import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tolerances import FLOAT64

from sleap_rt.tracking.motion.kalman import KalmanBank
from tracking import oracles

OBSERVATIONS = st.lists(st.one_of(st.none(), st.floats(-20, 20)), min_size=1, max_size=12)


def one_node(x):
    return np.array([[[x, 0.0]]])


@given(start=st.floats(-20, 20), observations=OBSERVATIONS)
def test_one_node_follows_the_textbook_filter(start, observations):
    bank = KalmanBank(1)
    bank.add(one_node(start), position_var=4.0, velocity_var=9.0)
    state = (start, 0.0, 4.0, 0.0, 9.0)
    for seen in observations:
        bank.predict(acceleration_var=0.5, drag=np.ones(1))
        if seen is not None:
            bank.correct(np.array([0]), one_node(seen), np.full((1, 1), 2.0))
        state = oracles.kalman_step(state, seen, dt_var=0.5, noise_var=2.0)
        np.testing.assert_allclose(bank.positions[0, 0, 0], state[0], atol=FLOAT64)
        np.testing.assert_allclose(bank.velocities[0, 0], state[1], atol=FLOAT64)
        np.testing.assert_allclose(bank.variances[0, 0], state[2], atol=FLOAT64)


def test_hidden_nodes_go_along_with_the_body():
    bank = KalmanBank(2)
    pose = np.array([[[0.0, 0.0], [10.0, 0.0]]])
    bank.add(pose, position_var=1.0, velocity_var=1.0)
    for step in range(1, 30):
        bank.predict(acceleration_var=0.1, drag=np.ones(1))
        seen = pose + np.array([2.0 * step, 0.0])
        seen[0, 1] = np.nan
        bank.correct(np.array([0]), seen, np.ones((1, 2)))
    np.testing.assert_allclose(bank.velocities[0], [2, 0], atol=0.2)
    assert bank.positions[0, 1, 0] > 50  # 10 + 58, less what the start at rest cost


def test_a_node_starts_where_it_is_first_seen():
    bank = KalmanBank(2)
    bank.add(np.array([[[0.0, 0.0], [np.nan, np.nan]]]), position_var=1.0, velocity_var=1.0)
    bank.predict(acceleration_var=0.1, drag=np.ones(1))
    bank.correct(np.array([0]), np.array([[[0.0, 0.0], [7.0, 8.0]]]), np.ones((1, 2)))
    assert bank.positions[0, 1].tolist() == [7, 8]


def test_drag_slows_tracks_that_are_not_seen():
    bank = KalmanBank(1)
    bank.add(np.zeros((2, 1, 2)), position_var=1.0, velocity_var=1.0)
    bank.velocities[:] = 4.0
    bank.predict(acceleration_var=0.1, drag=np.array([1.0, 0.5]))
    assert bank.positions[:, 0, 0].tolist() == [4, 2]
    bank.keep(np.array([False, True]))
    assert bank.positions[:, 0, 0].tolist() == [2]
