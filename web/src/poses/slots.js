// Runs a graph with enough slots for the peaks of the busiest map: it returns at most as many peaks
// per map as it gets slots, and the number of candidates that it saw.

/** @typedef {import("../types.js").Graph} Graph */
/** @typedef {import("../types.js").Feed} Feed */

const FEWEST_SLOTS = 8;

export class SlottedGraph {
  /** @param {Graph} graph */
  constructor(graph) {
    this.graph = graph;
    this.nSlots = FEWEST_SLOTS;
  }

  /**
   * @param {Feed} feed without `slots`.
   * @param {string[]} fetch
   * @returns {Promise<Feed>}
   */
  async run(feed, fetch) {
    for (;;) {
      const data = new Float32Array(this.nSlots);
      const slots = { type: /** @type {const} */ ("float32"), data, dims: [this.nSlots] };
      const outputs = await this.graph.run({ ...feed, slots }, [...fetch, "n_candidates"]);
      const most = Math.max(0, ...Array.from(outputs.n_candidates.data, Number));
      if (most <= this.nSlots) {
        return outputs;
      }
      while (this.nSlots < most) {
        this.nSlots *= 2;
      }
    }
  }
}
