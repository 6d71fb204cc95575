import assert from "node:assert/strict";
import { test } from "node:test";

import { compared } from "../src/engine/proof.js";
import { openPredictor } from "../src/poses/predictors.js";
import { SlottedGraph } from "../src/poses/slots.js";
import { Rate } from "../src/rate.js";
import { csvOf, jsonOf } from "../src/tables.js";

const MODEL = {
  program: "sleap-rt 0",
  name: "flies",
  kinds: ["bottomup"],
  weights_sha256: ["00"],
  node_names: ["a", "b,c"],
  skeleton_edges: [[0, 1]],
  class_names: ["left"],
};
const POSE = {
  points: Float32Array.of(1.5, 2, NaN, NaN),
  pointScores: Float32Array.of(0.5, NaN),
  score: 0.25,
  classIndex: 0,
  classProb: 0.75,
};
const NAMELESS = { ...POSE, classIndex: -1, classProb: NaN };
const RESULTS = new Map([[3, [NAMELESS]], [1, []], [0, [POSE]]]);

test("CSV has one row per animal, in order of frames", () => {
  assert.equal(
    csvOf(MODEL, RESULTS),
    'track,frame_idx,instance.score,a.x,a.y,a.score,"b,c.x","b,c.y","b,c.score"\n' +
      "left,0,0.25,1.5,2,0.5,,,\n,3,0.25,1.5,2,0.5,,,\n",
  );
});

test("JSON has every frame, and null where nothing is", () => {
  const source = { name: "v.mp4", nFrames: 4, height: 5, width: 6, fps: null, notes: [] };
  const run = { model: MODEL, engine: { words: "here" }, options: { peak_threshold: 0.2 }, source };
  const read = JSON.parse(jsonOf({ ...run, results: RESULTS }));
  assert.deepEqual(read.frames, [
    {
      frame_idx: 0,
      instances: [
        {
          score: 0.25,
          track: "left",
          tracking_score: 0.75,
          points: [[1.5, 2], [null, null]],
          point_scores: [0.5, null],
        },
      ],
    },
    { frame_idx: 1, instances: [] },
    { frame_idx: 3, instances: [{ ...read.frames[2].instances[0], track: null, tracking_score: null }] },
  ]);
  assert.deepEqual([read.input.n_frames, read.engine, read.model.name], [4, "here", "flies"]);
  assert.deepEqual(JSON.parse(jsonOf({ ...run, results: new Map() })).frames, []);
});

test("a graph runs again with more slots until no peak is lost", async () => {
  const asked = [];
  const graph = {
    async run(feed, fetch) {
      asked.push(feed.slots.data.length);
      assert.deepEqual(fetch, ["peaks", "n_candidates"]);
      return { n_candidates: { data: BigInt64Array.of(3n, 19n) } };
    },
  };
  const slotted = new SlottedGraph(graph);
  await slotted.run({}, ["peaks"]);
  await slotted.run({}, ["peaks"]);
  assert.deepEqual(asked, [8, 32, 32]);
});

test("a frame that an engine answers without numbers ends the run", async () => {
  const model = { kinds: ["single_instance"], class_names: [], edges: [] };
  const predict = (vals, sums) => {
    const run = async () => ({
      peaks: { data: Float32Array.of(3, 4), dims: [1, 1, 2] },
      peak_vals: { data: Float32Array.of(vals), dims: [1, 1] },
      map_sums: { data: Float32Array.of(sums), dims: [1] },
    });
    const frame = { data: new Uint8Array(1), height: 1, width: 1, channels: 1 };
    return openPredictor(model, [{ run }], { peak_threshold: 0.2 }).predict(frame);
  };
  assert.equal((await predict(0.5, 7))[0].score, 0.5);
  await assert.rejects(predict(NaN, 7), /no number/);
  await assert.rejects(predict(0.5, Infinity), /no number/);
});

test("a proof fails on distance, on scores, and on points that are missing", () => {
  const tolerance = { px: 0.01, score: 1e-4, percentile: 100 };
  const outputs = (points, vals, sum = 1) => ({
    peaks: { data: Float32Array.from(points) },
    peak_vals: { data: Float32Array.from(vals) },
    n_candidates: { data: BigInt64Array.of(9n) },
    map_sums: { data: Float32Array.of(sum) },
  });
  const wanted = outputs([3, 4, NaN, NaN], [0.5, NaN]);
  const check = (points, vals) => compared(wanted, outputs(points, vals), tolerance);
  assert.deepEqual(check([3, 4, NaN, NaN], [0.5, NaN]), { passed: true, px: 0, score: 0, n_points: 1 });
  assert.ok(check([3.005, 4.005, NaN, NaN], [0.5, NaN]).passed);
  const ok = [[3, 4, NaN, NaN], [0.5, NaN]];
  assert.ok(compared(wanted, outputs(...ok, 2), tolerance).passed);
  assert.ok(!compared(wanted, outputs(...ok, NaN), tolerance).passed);
  assert.ok(!check([3.01, 4.01, NaN, NaN], [0.5, NaN]).passed);
  assert.ok(!check([3, 4, 1, 1], [0.5, NaN]).passed);
  assert.ok(!check([NaN, NaN, NaN, NaN], [0.5, NaN]).passed);
  assert.ok(!check([3, 4, NaN, NaN], [0.51, NaN]).passed);
  assert.ok(!check([3, 4, NaN, NaN], [0.5, 0.5]).passed);
});

test("the rate is that of the last moments, and of a run without its pauses", () => {
  const rate = new Rate();
  assert.equal(rate.mean(), "–");
  for (let ms = 0; ms <= 10_000; ms += 100) {
    rate.count(ms);
  }
  assert.equal(rate.mean(), "10.0");
  rate.pause(10_000);
  rate.pause(60_000);
  for (let ms = 60_050; ms <= 61_000; ms += 50) {
    rate.count(ms);
  }
  assert.equal(rate.now(), "20.0");
  assert.equal(rate.mean(), "10.9");
});
