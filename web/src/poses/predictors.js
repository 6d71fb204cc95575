// Frames to poses, for every set of models that works without labels: outputs of graphs -> animals.

import { groupPeaks } from "./grouping.js";
import { assignClasses, classifyPeaks, firstChoices } from "./identity.js";
import { best, isFound, noPose } from "./pose.js";
import { SlottedGraph } from "./slots.js";

const MAP_SUMS = "map_sums"; // the sum of all that the network gave
const ONE_PEAK = ["peaks", "peak_vals"]; // per map: its value is a number even where no peak is

/** @typedef {import("../types.js").DecodeOptions} DecodeOptions */
/** @typedef {import("../types.js").Feed} Feed */
/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {import("../types.js").Graph} Graph */
/** @typedef {import("../types.js").ModelDescription} ModelDescription */
/** @typedef {import("../types.js").Pose} Pose */
/** @typedef {import("../types.js").Predictor} Predictor */

/** @type {Record<string, (model: ModelDescription, graphs: Graph[], options: DecodeOptions) => Predictor>} */
const PREDICTORS = {
  single_instance: singleInstance,
  bottomup: bottomUp,
  multi_class_bottomup: multiClassBottomUp,
  centroid: centroidAlone,
  "centroid+centered_instance": topDown,
  "centroid+multi_class_topdown": topDown,
};

/**
 * @param {ModelDescription} model
 * @param {Graph[]} graphs first stage first.
 * @param {DecodeOptions} options
 * @returns {Predictor}
 */
export function openPredictor(model, graphs, options) {
  return PREDICTORS[model.kinds.join("+")](model, graphs, options);
}

/**
 * @param {Frame} frame
 * @returns {Feed}
 */
function frameInput({ data, height, width, channels }) {
  return { frames: { type: "uint8", data, dims: [1, height, width, channels] } };
}

/**
 * () float32 inputs.
 *
 * @param {Record<string, number>} values
 * @returns {Feed}
 */
function scalars(values) {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      { type: /** @type {const} */ ("float32"), data: Float32Array.of(value), dims: [] },
    ]),
  );
}

/** @param {DecodeOptions} options */
function peakInputs(options) {
  return scalars({
    peak_threshold: options.peak_threshold,
    integral_refinement: options.integral_refinement === "integral" ? 1 : 0,
  });
}

/**
 * @param {Feed} outputs
 * @param {string} name
 */
function floats(outputs, name) {
  return /** @type {Float32Array} */ (outputs[name].data);
}

/**
 * Run a graph, and make sure that it answers with numbers, where a sound engine always does: in
 * maps, others only look as if nothing were found.
 *
 * @param {{ run: Graph["run"] }} graph
 * @param {Feed} feed
 * @param {string[]} fetch
 * @param {string[]} [finite] outputs that are numbers besides `map_sums`.
 * @returns {Promise<Feed>}
 */
async function answered(graph, feed, fetch, finite = []) {
  const outputs = await graph.run(feed, [...fetch, MAP_SUMS]);
  if (![MAP_SUMS, ...finite].every((name) => floats(outputs, name).every(Number.isFinite))) {
    throw new Error(
      "The engine gave what is no number for this frame, so poses may be missing. Choose " +
        "another under Settings, and run again.",
    );
  }
  return outputs;
}

/**
 * The peaks of the one frame of a run.
 *
 * @param {Feed} outputs
 * @returns {import("./grouping.js").Peaks}
 */
function peaksOf(outputs) {
  const [, nNodes, k] = outputs.peaks.dims;
  return { nNodes, k, peaks: floats(outputs, "peaks"), vals: floats(outputs, "peak_vals") };
}

/**
 * One pose per row of (n, nNodes, 2) points.
 *
 * @param {Feed} outputs
 * @param {(row: number, pointScores: Float32Array) => number} scoreOf
 * @returns {Pose[]}
 */
function rowsOf(outputs, scoreOf) {
  const [n, nNodes] = outputs.peaks.dims;
  return Array.from({ length: n }, (_, row) => {
    const points = floats(outputs, "peaks").slice(2 * nNodes * row, 2 * nNodes * (row + 1));
    const pointScores = floats(outputs, "peak_vals").slice(nNodes * row, nNodes * (row + 1));
    return { ...noPose(0, scoreOf(row, pointScores)), points, pointScores };
  });
}

/** @type {typeof PREDICTORS[string]} */
function singleInstance(_model, [graph], options) {
  const constants = peakInputs(options);
  const total = (/** @type {Float32Array} */ vals) => Math.fround(vals.reduce((a, b) => a + b, 0));
  return {
    async predict(frame) {
      const feed = { ...frameInput(frame), ...constants };
      const outputs = await answered(graph, feed, ONE_PEAK, ["peak_vals"]);
      return rowsOf(outputs, (_row, vals) => total(vals)).filter(isFound);
    },
  };
}

/** @type {typeof PREDICTORS[string]} */
function bottomUp(model, [graph], options) {
  const slotted = new SlottedGraph(graph);
  const { max_edge_length_ratio, dist_penalty_weight } = options;
  const constants = {
    ...peakInputs(options),
    ...scalars({ max_edge_length_ratio, dist_penalty_weight }),
  };
  const fetch = ["peaks", "peak_vals", "line_scores"];
  return {
    async predict(frame) {
      const outputs = await answered(slotted, { ...frameInput(frame), ...constants }, fetch);
      return groupPeaks(peaksOf(outputs), floats(outputs, "line_scores"), model.edges, options);
    },
  };
}

/** @type {typeof PREDICTORS[string]} */
function multiClassBottomUp(model, [graph], options) {
  const slotted = new SlottedGraph(graph);
  const constants = peakInputs(options);
  const fetch = ["peaks", "peak_vals", "class_probs"];
  const nClasses = model.class_names.length;
  return {
    async predict(frame) {
      const outputs = await answered(slotted, { ...frameInput(frame), ...constants }, fetch);
      const probs = floats(outputs, "class_probs");
      return classifyPeaks(peaksOf(outputs), probs, nClasses, options.max_instances);
    },
  };
}

/**
 * The centroids of a frame: all in raster order, or the best `max_instances`.
 *
 * @param {SlottedGraph} graph
 * @param {Feed} feed
 * @param {number | null} most
 * @returns {Promise<Pose[]>} poses of one node.
 */
async function findCentroids(graph, feed, most) {
  const outputs = await answered(graph, feed, ["centroids", "centroid_vals"]);
  const points = floats(outputs, "centroids");
  const found = Array.from(floats(outputs, "centroid_vals"), (value, slot) => ({
    ...noPose(0, value),
    points: points.slice(2 * slot, 2 * slot + 2),
    pointScores: Float32Array.of(value),
  })).filter((pose) => !Number.isNaN(pose.score));
  return best(found, most);
}

/** @type {typeof PREDICTORS[string]} */
function centroidAlone(_model, [graph], options) {
  const slotted = new SlottedGraph(graph);
  const constants = peakInputs(options);
  return {
    predict: (frame) =>
      findCentroids(slotted, { ...frameInput(frame), ...constants }, options.max_instances),
  };
}

/** @type {typeof PREDICTORS[string]} */
function topDown(model, [centroidGraph, cropGraph], options) {
  const slotted = new SlottedGraph(centroidGraph);
  const constants = peakInputs(options);
  const isNamed = model.class_names.length > 0;
  const fetch = [...ONE_PEAK, ...(isNamed ? ["class_probs"] : [])];
  return {
    async predict(frame) {
      const feed = { ...frameInput(frame), ...constants };
      const centroids = await findCentroids(slotted, feed, options.max_instances);
      if (!centroids.length) {
        return [];
      }
      const crops = { ...feed, ...cropInputs(centroids) };
      const outputs = await answered(cropGraph, crops, fetch, ["peak_vals"]);
      const poses = rowsOf(outputs, (row) => centroids[row].score);
      return (isNamed ? withClasses(model, poses, outputs) : poses).filter(isFound);
    },
  };
}

/**
 * @param {Pose[]} centroids
 * @returns {Feed}
 */
function cropInputs(centroids) {
  const n = centroids.length;
  const centers = new Float32Array(2 * n);
  centroids.forEach((centroid, row) => centers.set(centroid.points, 2 * row));
  return {
    centers: { type: "float32", data: centers, dims: [n, 2] },
    frame_index: { type: "int64", data: new BigInt64Array(n), dims: [n] },
  };
}

/**
 * @param {ModelDescription} model
 * @param {Pose[]} poses
 * @param {Feed} outputs
 */
function withClasses(model, poses, outputs) {
  const nClasses = model.class_names.length;
  const all = floats(outputs, "class_probs");
  const probs = poses.map((_, row) => all.subarray(row * nClasses, (row + 1) * nClasses));
  const named = assignClasses(poses, probs, nClasses);
  return model.family === "legacy" ? firstChoices(named, probs) : named;
}
