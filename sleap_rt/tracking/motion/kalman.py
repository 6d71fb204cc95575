"""Constant-velocity Kalman filters, one per node of every track, all stepped at once.

Every node has its own position; the nodes of a body share one velocity, so that a node that is
hidden or misplaced for a while moves with the others. x and y share one covariance.
"""

import numpy as np

from sleap_rt.arrays import AnyFloats, AnyInts, Bools


class KalmanBank:
    """The filters of all tracks.

    A node that was never seen has position NaN until its first observation.

    Attributes:
        positions: (n_tracks, n_nodes, 2) px.
        velocities: (n_tracks, 2) px/frame.
    """

    def __init__(self, n_nodes: int) -> None:
        self.positions: AnyFloats = np.empty((0, n_nodes, 2))
        self.velocities: AnyFloats = np.empty((0, 2))
        self._covariances: AnyFloats = np.empty((3, 0, n_nodes))  # position, mixed, velocity

    @property
    def variances(self) -> AnyFloats:
        """(n_tracks, n_nodes) px², of the positions."""
        variances: AnyFloats = self._covariances[0]
        return variances

    def add(self, poses: AnyFloats, *, position_var: float, velocity_var: float) -> None:
        """Append tracks at rest at `poses`, (n, n_nodes, 2) px."""
        rows = np.arange(len(self.positions), len(self.positions) + len(poses))
        room = np.empty((3, *poses.shape[:2]))
        self.positions = np.concatenate((self.positions, poses))
        self.velocities = np.concatenate((self.velocities, np.zeros((len(poses), 2))))
        self._covariances = np.concatenate((self._covariances, room), axis=1)
        self.restart(rows, poses, position_var=position_var, velocity_var=velocity_var)

    def restart(
        self, rows: AnyInts, poses: AnyFloats, *, position_var: float, velocity_var: float
    ) -> None:
        """Start tracks again, at rest at `poses`."""
        self.positions[rows] = poses
        self.velocities[rows] = 0.0
        start = np.array([position_var, 0.0, velocity_var])
        self._covariances[:, rows] = start[:, None, None]

    def keep(self, tracks: Bools) -> None:
        """Drop the tracks not in the mask."""
        self.positions, self.velocities = self.positions[tracks], self.velocities[tracks]
        self._covariances = self._covariances[:, tracks]

    def predict(self, *, acceleration_var: float, drag: AnyFloats) -> None:
        """Advance all filters by one frame.

        Args:
            acceleration_var: (px/frame²)², variance of the accelerations.
            drag: (n_tracks,) factor of the velocity: 1 keeps it, 0 stops.
        """
        position, mixed, velocity = self._covariances
        self.velocities *= drag[:, None]
        self.positions += self.velocities[:, None]
        velocity = velocity * np.square(drag)[:, None]
        mixed = mixed * drag[:, None]
        self._covariances = np.stack(
            (
                position + 2 * mixed + velocity + acceleration_var / 4,
                mixed + velocity + acceleration_var / 2,
                velocity + acceleration_var,
            )
        )

    def correct(self, rows: AnyInts, observed: AnyFloats, noise_var: AnyFloats) -> None:
        """Correct filters by observations.

        Args:
            rows: (n,) tracks, each once.
            observed: (n, n_nodes, 2) px; NaN leaves a node as predicted.
            noise_var: (n, n_nodes) px², of the observations.
        """
        predicted = self.positions[rows]
        innovations = observed - predicted
        compared = ~np.isnan(innovations[..., 0])
        innovations[~compared] = 0.0
        position, mixed, velocity = self._covariances[:, rows]
        gain = np.where(compared, 1 / (position + noise_var), 0.0)
        position_gain, velocity_gain = position * gain, mixed * gain
        started = ~np.isnan(predicted[..., 0])
        pull = np.sum(velocity_gain[..., None] * innovations, axis=1)
        self.velocities[rows] += pull / np.maximum(started.sum(axis=1), 1)[:, None]
        corrected = predicted + position_gain[..., None] * innovations
        self.positions[rows] = np.where(started[..., None], corrected, observed)
        self._covariances[:, rows] = (
            position * (1 - position_gain),
            mixed * (1 - position_gain),
            velocity - velocity_gain * mixed,
        )
