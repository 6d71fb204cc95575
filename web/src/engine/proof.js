// Replays the sample that every exported file carries, and compares with the certified result.

/** @typedef {import("../types.js").Feed} Feed */
/** @typedef {import("../types.js").Graph} Graph */
/** @typedef {import("../types.js").GraphDescription} GraphDescription */
/** @typedef {import("../types.js").Proof} Proof */
/** @typedef {import("../types.js").Values} Values */

const POINTS = ["peaks", "centroids"];
const COUNTS = ["n_candidates"];
const SUMS = "map_sums"; // how large they are says little; whether they are numbers, all
const ARRAYS = { uint8: Uint8Array, float32: Float32Array, int64: BigInt64Array };

/**
 * @param {Graph} graph
 * @param {GraphDescription} description
 * @returns {Promise<Proof>}
 */
export async function prove(graph, description) {
  const { feed, expected } = await (await fetch(description.sample)).json();
  const wanted = unpacked(expected);
  const found = await graph.run(unpacked(feed), Object.keys(wanted));
  return compared(wanted, found, description.tolerance);
}

/**
 * @param {Record<string, { type: keyof typeof ARRAYS, data: string, dims: number[] }>} texts
 * @returns {Feed}
 */
function unpacked(texts) {
  return Object.fromEntries(
    Object.entries(texts).map(([name, { type, data, dims }]) => {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      return [name, { type, data: new ARRAYS[type](bytes.buffer), dims }];
    }),
  );
}

/**
 * @param {Feed} wanted
 * @param {Feed} found
 * @param {import("../types.js").Tolerance} tolerance
 * @returns {Proof}
 */
export function compared(wanted, found, tolerance) {
  /** @type {number[]} */
  const distances = [];
  /** @type {number[]} */
  const differences = [];
  for (const name of Object.keys(wanted).filter((one) => !COUNTS.includes(one))) {
    const [a, b] = [wanted[name], found[name]].map(({ data }) => /** @type {Float32Array} */ (data));
    if (name === SUMS) {
      differences.push(...Array.from(b, (value) => (Number.isFinite(value) ? 0 : Infinity)));
    } else if (POINTS.includes(name)) {
      distances.push(...distancesOf(a, b));
    } else {
      a.forEach((value, place) => differences.push(...difference(value, b[place])));
    }
  }
  const px = percentile(distances, tolerance.percentile);
  const score = percentile(differences, tolerance.percentile);
  const isAlike = distances.every((value) => value < Infinity);
  const passed = isAlike && px <= tolerance.px && score <= tolerance.score;
  return { passed, px, score, n_points: distances.length };
}

/**
 * @param {Float32Array} a (n, 2).
 * @param {Float32Array} b
 * @returns {number[]} infinite where only one of them has a point.
 */
function distancesOf(a, b) {
  const distances = [];
  for (let place = 0; place < a.length; place += 2) {
    const [dx] = difference(a[place], b[place]);
    const [dy] = difference(a[place + 1], b[place + 1]);
    if (dx !== undefined && dy !== undefined) {
      distances.push(Math.hypot(dx, dy));
    }
  }
  return distances;
}

/**
 * @param {number} a
 * @param {number} b
 * @returns {number[]} none where neither is a number; infinity where one is.
 */
function difference(a, b) {
  if (Number.isNaN(a) && Number.isNaN(b)) {
    return [];
  }
  return [Number.isNaN(a) || Number.isNaN(b) ? Infinity : a === b ? 0 : Math.abs(a - b)];
}

/**
 * @param {number[]} values
 * @param {number} share in percent.
 */
function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil((share / 100) * (sorted.length - 1))] ?? 0;
}
