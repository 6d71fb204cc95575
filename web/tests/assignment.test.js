import assert from "node:assert/strict";
import { test } from "node:test";

import { assign } from "../src/poses/assignment.js";

/** The least total cost, by trying everything. */
function least(cost, nRows, nColumns, row = 0, used = new Set()) {
  if (row === nRows || used.size === nColumns) {
    return 0;
  }
  let best = nRows - row > nColumns - used.size ? least(cost, nRows, nColumns, row + 1, used) : Infinity;
  for (let column = 0; column < nColumns; column++) {
    if (!used.has(column)) {
      const rest = least(cost, nRows, nColumns, row + 1, new Set([...used, column]));
      best = Math.min(best, cost[row * nColumns + column] + rest);
    }
  }
  return best;
}

test("the total cost is the least of all", () => {
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let trial = 0; trial < 200; trial++) {
    const nRows = 1 + Math.floor(random() * 5);
    const nColumns = 1 + Math.floor(random() * 5);
    const cost = Array.from({ length: nRows * nColumns }, () => Math.round(random() * 20) - 10);
    const pairs = assign(cost, nRows, nColumns);
    assert.equal(pairs.length, Math.min(nRows, nColumns));
    assert.equal(new Set(pairs.map(([row]) => row)).size, pairs.length);
    assert.equal(new Set(pairs.map(([, column]) => column)).size, pairs.length);
    const total = pairs.reduce((sum, [row, column]) => sum + cost[row * nColumns + column], 0);
    assert.equal(total, least(cost, nRows, nColumns));
  }
});

test("nothing is paired with nothing, and scores must be numbers", () => {
  assert.deepEqual(assign([], 0, 3), []);
  assert.deepEqual(assign([], 3, 0), []);
  assert.throws(() => assign([NaN], 1, 1), /not numbers/);
});
