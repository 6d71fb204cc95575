// Groups the peaks of one frame into animals, by connection scores along the edges; the same rules
// as `sleap_rt/runtime/predictors/grouping.py`.

import { assign } from "./assignment.js";
import { best, noPose } from "./pose.js";

/** @typedef {import("../types.js").Pose} Pose */
/** @typedef {import("../types.js").DecodeOptions} DecodeOptions */
/** @typedef {[number, number]} Edge */

const NO_SCORE_COST = 1e6; // of a pair without a score; far above the cost of any real one

/**
 * Order in which edges are used: breadth first from the first root, each node entered once.
 *
 * @param {Edge[]} edges (source, destination), without a circle.
 * @returns {number[]} indices of edges.
 */
export function groupingOrder(edges) {
  const targets = new Set(edges.map(([, destination]) => destination));
  const root = edges.flat().find((node) => !targets.has(node));
  if (root === undefined) {
    throw new Error("the skeleton's edges cannot be followed from a root");
  }
  const reached = new Set([root]);
  const waiting = [root];
  /** @type {number[]} */
  const order = [];
  for (const node of waiting) {
    edges.forEach(([source, destination], index) => {
      if (source === node && !reached.has(destination)) {
        reached.add(destination);
        waiting.push(destination);
        order.push(index);
      }
    });
  }
  return order;
}

/**
 * The peaks of one frame, as a graph gives them.
 *
 * @typedef {object} Peaks
 * @property {number} nNodes
 * @property {number} k slots per node.
 * @property {Float32Array} peaks (nNodes, k, 2) x, y in frame px; NaN where there is none.
 * @property {Float32Array} vals (nNodes, k) confidence.
 */

/**
 * Assemble the peaks of one frame.
 *
 * @param {Peaks} found
 * @param {Float32Array} lineScores (nEdges, k, k), source by destination peak.
 * @param {Edge[]} edges
 * @param {DecodeOptions} options
 * @returns {Pose[]} in order of assembly.
 */
export function groupPeaks(found, lineScores, edges, options) {
  const { nNodes, k } = found;
  /** @type {{ peaks: Int32Array, score: number }[]} */
  const animals = [];
  const owner = new Int32Array(nNodes * k).fill(-1);
  const counts = Array.from({ length: nNodes }, (_, node) => countPeaks(found, node));
  for (const edge of groupingOrder(edges)) {
    const [source, destination] = edges[edge];
    const scores = lineScores.subarray(edge * k * k, (edge + 1) * k * k);
    const pairs = matches(scores, k, counts[source], counts[destination], options.min_line_scores);
    for (const [i, j, score] of pairs) {
      let animal = owner[source * k + i];
      if (animal < 0) {
        animal = animals.push({ peaks: new Int32Array(nNodes).fill(-1), score: 0 }) - 1;
        animals[animal].peaks[source] = i;
        owner[source * k + i] = animal;
      }
      animals[animal].peaks[destination] = j;
      animals[animal].score += score;
      owner[destination * k + j] = animal;
    }
  }
  const least = leastPeaks(options.min_instance_peaks, nNodes);
  const enough = animals.filter(({ peaks }) => peaks.filter((peak) => peak >= 0).length >= least);
  return best(enough.map((animal) => poseOf(found, animal)), options.max_instances);
}

/**
 * @param {Peaks} found
 * @param {number} node
 */
function countPeaks({ k, peaks }, node) {
  let n = 0;
  for (let slot = 0; slot < k; slot++) {
    n += Number.isNaN(peaks[2 * (node * k + slot)]) ? 0 : 1;
  }
  return n;
}

/**
 * (source peak, destination peak, score) of the best one-to-one pairs above the score limit.
 *
 * @param {Float32Array} scores (k, k).
 * @param {number} k
 * @param {number} nSources
 * @param {number} nDestinations
 * @param {number} least score.
 * @returns {[number, number, number][]}
 */
function matches(scores, k, nSources, nDestinations, least) {
  const cost = new Float64Array(nSources * nDestinations);
  for (let i = 0; i < nSources; i++) {
    for (let j = 0; j < nDestinations; j++) {
      const score = scores[i * k + j];
      cost[i * nDestinations + j] = Number.isFinite(score) ? -score : NO_SCORE_COST;
    }
  }
  return assign(cost, nSources, nDestinations)
    .map(([i, j]) => /** @type {[number, number, number]} */ ([i, j, scores[i * k + j]]))
    .filter(([, , score]) => Number.isFinite(score) && score >= least);
}

/**
 * @param {Peaks} found
 * @param {{ peaks: Int32Array, score: number }} animal
 * @returns {Pose}
 */
function poseOf({ nNodes, k, peaks, vals }, animal) {
  const pose = noPose(nNodes, Math.fround(animal.score));
  animal.peaks.forEach((slot, node) => {
    if (slot >= 0) {
      const place = node * k + slot;
      pose.points.set(peaks.subarray(2 * place, 2 * place + 2), 2 * node);
      pose.pointScores[node] = vals[place];
    }
  });
  return pose;
}

/**
 * Least number of peaks of an animal; `least` is a share of the nodes if below 1.
 *
 * @param {number} least
 * @param {number} nNodes
 */
function leastPeaks(least, nNodes) {
  return least < 1 ? Math.trunc(least * nNodes) : Math.ceil(least);
}
