// Class probabilities to identities: of peaks (class maps) or of whole animals (class vectors); the
// same rules as `sleap_rt/runtime/predictors/identity.py`.

import { assign } from "./assignment.js";
import { best, noPose } from "./pose.js";

/** @typedef {import("../types.js").Pose} Pose */

/**
 * Give each class at most one peak of each node. A pair counts only if the class is also the
 * peak's own most probable one.
 *
 * @param {import("./grouping.js").Peaks} found
 * @param {Float32Array} probs (nNodes, k, nClasses).
 * @param {number} nClasses
 * @param {number | null} maxInstances
 * @returns {Pose[]} in order of the classes.
 */
export function classifyPeaks({ nNodes, k, peaks, vals }, probs, nClasses, maxInstances) {
  const poses = Array.from({ length: nClasses }, () => noPose(nNodes, NaN));
  const probsOf = poses.map(() => new Float32Array(nNodes).fill(NaN));
  for (let node = 0; node < nNodes; node++) {
    const slots = [...Array(k).keys()].filter((s) => !Number.isNaN(peaks[2 * (node * k + s)]));
    const rows = slots.map((s) => probs.subarray((node * k + s) * nClasses, (node * k + s + 1) * nClasses));
    for (const [row, index] of mostProbablePairs(rows, nClasses)) {
      if (rows[row][index] === Math.max(...rows[row])) {
        const place = node * k + slots[row];
        poses[index].points.set(peaks.subarray(2 * place, 2 * place + 2), 2 * node);
        poses[index].pointScores[node] = vals[place];
        probsOf[index][node] = rows[row][index];
      }
    }
  }
  const present = poses.flatMap((pose, index) => {
    const score = meanFound(pose.pointScores);
    return Number.isNaN(score)
      ? []
      : [{ ...pose, score, classIndex: index, classProb: meanFound(probsOf[index]) }];
  });
  return best(present, maxInstances).sort((a, b) => a.classIndex - b.classIndex);
}

/**
 * Pair the animals of a frame with classes so that the total probability is largest; if there are
 * more animals than classes, some get none.
 *
 * @param {Pose[]} poses
 * @param {Float32Array[]} probs of each animal.
 * @param {number} nClasses
 * @returns {Pose[]}
 */
export function assignClasses(poses, probs, nClasses) {
  const named = poses.map((pose) => ({ ...pose }));
  for (const [row, index] of mostProbablePairs(probs, nClasses)) {
    named[row].classIndex = index;
    named[row].classProb = probs[row][index];
  }
  return named;
}

/**
 * The animals that got their own most probable class, in order of class; legacy models report only
 * these.
 *
 * @param {Pose[]} named
 * @param {Float32Array[]} probs
 * @returns {Pose[]}
 */
export function firstChoices(named, probs) {
  return named
    .filter((pose, row) => pose.classIndex >= 0 && pose.classProb === Math.max(...probs[row]))
    .sort((a, b) => a.classIndex - b.classIndex);
}

/**
 * The pairs of largest total, without what is no number.
 *
 * @param {Float32Array[]} rows
 * @param {number} nClasses
 */
function mostProbablePairs(rows, nClasses) {
  const cost = new Float64Array(rows.length * nClasses);
  rows.forEach((row, index) =>
    cost.set(row.map((value) => (Number.isFinite(value) ? -value : 0)), index * nClasses),
  );
  const pairs = assign(cost, rows.length, nClasses);
  return pairs.filter(([row, index]) => Number.isFinite(rows[row][index]));
}

/**
 * Mean of the values that are numbers; NaN where none is.
 *
 * @param {Float32Array} values
 */
function meanFound(values) {
  const found = values.filter((value) => !Number.isNaN(value));
  return Math.fround(found.reduce((sum, value) => sum + value, 0) / found.length);
}
