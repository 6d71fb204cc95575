// Answers questions of the Python tests: `node answer.js QUESTIONS.json` prints a JSON array.
// Numbers that are none travel as null.

import { readFile } from "node:fs/promises";

import { rgbOf } from "../src/frames/pixels.js";
import { assign } from "../src/poses/assignment.js";
import { groupPeaks } from "../src/poses/grouping.js";
import { assignClasses, classifyPeaks, firstChoices } from "../src/poses/identity.js";
import { noPose } from "../src/poses/pose.js";

const floats = (values) => Float32Array.from(values, (value) => value ?? NaN);
const peaksOf = ({ n_nodes, k, peaks, vals }) => ({
  nNodes: n_nodes,
  k,
  peaks: floats(peaks),
  vals: floats(vals),
});
const told = (poses) =>
  poses.map(({ points, pointScores, score, classIndex, classProb }) => ({
    points: [...points],
    point_scores: [...pointScores],
    score,
    class_index: classIndex,
    class_prob: classProb,
  }));

const ANSWERS = {
  assign: ({ cost, n_rows, n_columns }) => assign(cost, n_rows, n_columns),
  group: (ask) => told(groupPeaks(peaksOf(ask), floats(ask.line_scores), ask.edges, ask.options)),
  classify: (ask) =>
    told(classifyPeaks(peaksOf(ask), floats(ask.probs), ask.n_classes, ask.max_instances)),
  name: ({ probs, n_classes, is_legacy }) => {
    const rows = probs.map(floats);
    const poses = rows.map((_, row) => ({ ...noPose(1, row), points: Float32Array.of(row, row) }));
    const named = assignClasses(poses, rows, n_classes);
    return told(is_legacy ? firstChoices(named, rows) : named);
  },
  rgb: ({ planes, ...rest }) => {
    const [y, u, v] = planes.map(({ bytes, stride }) => ({ bytes: Uint8Array.from(bytes), stride }));
    return [...rgbOf({ ...rest, y, u, v }).data];
  },
};

const questions = JSON.parse(await readFile(process.argv[2], "utf8"));
console.log(JSON.stringify(questions.map(({ task, ...ask }) => ANSWERS[task](ask))));
