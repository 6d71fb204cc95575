// Results as files: CSV with the columns of `sleap-nn track`, and JSON with everything.

/** @typedef {import("./types.js").DecodeOptions} DecodeOptions */
/** @typedef {import("./types.js").EngineChoice} EngineChoice */
/** @typedef {import("./types.js").ModelDescription} ModelDescription */
/** @typedef {import("./types.js").Pose} Pose */
/** @typedef {import("./types.js").SourceFacts} SourceFacts */

/** Frame number -> animals; frames without any have an empty list. */
/** @typedef {Map<number, Pose[]>} Results */

/**
 * One row per animal: track, frame, score, and x, y and score of each node; empty where missing.
 *
 * @param {ModelDescription} model
 * @param {Results} results
 * @returns {string}
 */
export function csvOf(model, results) {
  const nodes = model.node_names.flatMap((node) => ["x", "y", "score"].map((part) => `${node}.${part}`));
  const lines = [["track", "frame_idx", "instance.score", ...nodes].map(quoted).join(",")];
  for (const [number, poses] of inOrder(results)) {
    for (const pose of poses) {
      const track = quoted(model.class_names[pose.classIndex] ?? "");
      lines.push([track, number, written(pose.score), ...valuesOf(pose)].join(","));
    }
  }
  return `${lines.join("\n")}\n`;
}

/** @param {Results} results */
function inOrder(results) {
  return [...results].sort(([a], [b]) => a - b);
}

/** @param {Pose} pose */
function valuesOf({ points, pointScores }) {
  return Array.from(pointScores, (score, node) => [
    written(points[2 * node]),
    written(points[2 * node + 1]),
    written(score),
  ]).flat();
}

/** @param {number} value */
function written(value) {
  return Number.isNaN(value) ? "" : String(value);
}

/** @param {string} text */
function quoted(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * @param {object} run
 * @param {ModelDescription} run.model
 * @param {EngineChoice} run.engine
 * @param {DecodeOptions} run.options
 * @param {SourceFacts} run.source
 * @param {Results} run.results
 * @returns {string}
 */
export function jsonOf({ model, engine, options, source, results }) {
  const frames = inOrder(results).map(([number, poses]) => ({
    frame_idx: number,
    instances: poses.map((pose) => instanceOf(model, pose)),
  }));
  const facts = {
    written_by: `${model.program}, page`,
    layout: 1,
    model: { name: model.name, kinds: model.kinds, weights_sha256: model.weights_sha256 },
    engine: engine.words,
    options,
    input: {
      name: source.name,
      n_frames: source.nFrames,
      height: source.height,
      width: source.width,
      frames_per_second: source.fps,
      notes: source.notes,
    },
    node_names: model.node_names,
    edges: model.skeleton_edges,
    class_names: model.class_names,
  };
  const head = JSON.stringify(facts, null, 1).slice(0, -2); // open again behind the last value
  const rows = frames.map((frame) => `  ${JSON.stringify(frame)}`).join(",\n");
  return `${head},\n "frames": [\n${rows}\n ]\n}\n`;
}

/**
 * @param {ModelDescription} model
 * @param {Pose} pose
 */
function instanceOf(model, pose) {
  return {
    score: numberOrNull(pose.score),
    track: model.class_names[pose.classIndex] ?? null,
    tracking_score: numberOrNull(pose.classProb),
    points: Array.from(pose.pointScores, (_, node) =>
      [0, 1].map((axis) => numberOrNull(pose.points[2 * node + axis])),
    ),
    point_scores: Array.from(pose.pointScores, numberOrNull),
  };
}

/** @param {number} value */
function numberOrNull(value) {
  return Number.isNaN(value) ? null : value;
}
