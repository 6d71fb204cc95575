import assert from "node:assert/strict";
import { test } from "node:test";

import { byNumbers } from "../src/frames/images.js";
import { numberAt, shownTimes, spread } from "../src/frames/numbering.js";
import { firstChannel, hasColor, isNeutral, rgbOf, threeOfFour, turned } from "../src/frames/pixels.js";

const plane = (bytes, stride) => ({ bytes: Uint8Array.from(bytes), stride });

test("frames are numbered by time, whatever order the file has", () => {
  const times = shownTimes([0, 0.12, 0.04, -0.04, 0.08]);
  assert.deepEqual(times, [0, 0.04, 0.08, 0.12]);
  assert.equal(numberAt(times, 0.0800004), 2);
  assert.equal(numberAt(times, 0.0799996), 2);
  assert.equal(numberAt(times, 0.12), 3);
  assert.equal(numberAt(times, 0.06), -1);
  assert.equal(numberAt([], 0), -1);
});

test("places are spread from the first to the last frame", () => {
  assert.deepEqual(spread(1, 17), [0]);
  assert.deepEqual(spread(3, 17), [0, 1, 2]);
  assert.deepEqual(spread(101, 5), [0, 25, 50, 75, 100]);
});

test("images come in the order of their numbers", () => {
  const names = ["b.png", "10.png", "2.png", "a10x2.png", "a10x10.png", "a9x3.png"];
  assert.deepEqual([...names].sort(byNumbers), [
    "2.png",
    "10.png",
    "a9x3.png",
    "a10x2.png",
    "a10x10.png",
    "b.png",
  ]);
});

test("BT.601 by hand: black, white, gray and pure red", () => {
  const limited = { height: 2, width: 2, across: 2, down: 2, step: 1, isFullRange: false };
  const gray = { u: plane([128], 1), v: plane([128], 1) };
  const black = rgbOf({ ...limited, ...gray, y: plane([16, 16, 235, 235], 2) });
  assert.deepEqual([...black.data], [0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255]);
  assert.ok(isNeutral({ ...limited, ...gray, y: plane([1, 2, 3, 4], 2) }));
  const red = { u: plane([90], 1), v: plane([240], 1), y: plane([81, 81, 81, 81], 2) };
  const [r, g, b] = rgbOf({ ...limited, ...red }).data;
  assert.ok(r >= 252 && g <= 2 && b <= 2, `${r} ${g} ${b}`);
  assert.ok(!isNeutral({ ...limited, ...red }));
});

test("full range keeps gray levels, and chroma that alternates is found", () => {
  const paired = Uint8Array.from([128, 128, 0, 255]);
  const frame = rgbOf({
    height: 1,
    width: 4,
    across: 2,
    down: 2,
    step: 2,
    isFullRange: true,
    y: plane([7, 200, 100, 100], 4),
    u: { bytes: paired, stride: 4 },
    v: { bytes: paired.subarray(1), stride: 4 },
  });
  assert.deepEqual([...frame.data.slice(0, 6)], [7, 7, 7, 200, 200, 200]);
  assert.equal(frame.data[6], 255); // much red, no blue
  assert.equal(frame.data[8], 0);
});

test("channels are dropped and compared", () => {
  const frame = threeOfFour(Uint8Array.from([1, 2, 3, 255, 4, 5, 6, 255]), 1, 2);
  assert.deepEqual([...frame.data], [1, 2, 3, 4, 5, 6]);
  assert.deepEqual([...threeOfFour(Uint8Array.from([1, 2, 3, 255]), 1, 1, true).data], [3, 2, 1]);
  assert.ok(hasColor(frame));
  assert.ok(!hasColor(frame, 2));
  assert.deepEqual([...firstChannel(frame).data], [1, 4]);
});

test("images are turned clockwise", () => {
  const frame = { data: Uint8Array.from([1, 2, 3, 4, 5, 6]), height: 2, width: 3, channels: 1 };
  const upright = { height: 3, width: 2, channels: 1 };
  assert.deepEqual(turned(frame, 90), { ...upright, data: Uint8Array.from([4, 1, 5, 2, 6, 3]) });
  assert.deepEqual(turned(frame, 270), { ...upright, data: Uint8Array.from([3, 6, 2, 5, 1, 4]) });
  assert.deepEqual([...turned(frame, 180).data], [6, 5, 4, 3, 2, 1]);
  assert.equal(turned(frame, 0), frame);
});
