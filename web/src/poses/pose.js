// Poses as values.

/** @typedef {import("../types.js").Pose} Pose */

/**
 * A pose of which no node is found yet.
 *
 * @param {number} nNodes
 * @param {number} score
 * @returns {Pose}
 */
export function noPose(nNodes, score) {
  return {
    points: new Float32Array(2 * nNodes).fill(NaN),
    pointScores: new Float32Array(nNodes).fill(NaN),
    score,
    classIndex: -1,
    classProb: NaN,
  };
}

/**
 * Whether any node is found.
 *
 * @param {Pose} pose
 */
export function isFound(pose) {
  return pose.points.some((value) => !Number.isNaN(value));
}

/**
 * The best `most` by score, best first, where there are more; else all as they are.
 *
 * @param {Pose[]} poses
 * @param {number | null} most null keeps all.
 * @returns {Pose[]}
 */
export function best(poses, most) {
  if (most === null || poses.length <= most) {
    return poses;
  }
  return [...poses].sort((a, b) => b.score - a.score).slice(0, most);
}
