// Exported graphs in ONNX Runtime Web. In WebAssembly the exported file runs as it is. On a GPU only
// its network does, since positions need the NaN and the exact steps that shaders do not promise; what
// comes ahead of it and behind it runs in WebAssembly.

import { threads } from "./choice.js";

/** @typedef {import("../types.js").Feed} Feed */
/** @typedef {import("../types.js").Graph} Graph */
/** @typedef {import("../types.js").GraphDescription} GraphDescription */
/** @typedef {typeof import("onnxruntime-web")} Ort */
/** @typedef {import("onnxruntime-web").InferenceSession} Session */

const LIBRARIES = {
  wasm: ["ort.wasm.min.mjs", "ort-wasm-simd-threaded"],
  webgpu: ["ort.webgpu.min.mjs", "ort-wasm-simd-threaded.asyncify"],
};
// Channels first, as in the file: in the other layout ONNX Runtime 1.30 computes some convolutions
// wrongly, e.g. one of 27 channels to 40 on 5 x 6 cells (microsoft/onnxruntime#29651 looks alike).
const PROVIDERS = {
  wasm: "wasm",
  webgpu: /** @type {const} */ ({ name: "webgpu", preferredLayout: "NCHW" }),
};
const ERRORS_ONLY = 3;

/**
 * @param {GraphDescription[]} descriptions
 * @param {"webgpu" | "wasm"} engine
 * @returns {Promise<Graph[]>}
 */
export async function openGraphs(descriptions, engine) {
  const ort = await load(engine);
  const graphs = [];
  for (const description of descriptions) {
    graphs.push(await openGraph(ort, description, engine));
  }
  return graphs;
}

/**
 * @param {"webgpu" | "wasm"} engine
 * @returns {Promise<Ort>}
 */
async function load(engine) {
  const [script, binary] = LIBRARIES[engine];
  /** @type {Ort} */
  const ort = await import(new URL(script, import.meta.url).href);
  ort.env.wasm.wasmPaths = {
    mjs: new URL(`${binary}.mjs`, import.meta.url).href,
    wasm: new URL(`${binary}.wasm`, import.meta.url).href,
  };
  ort.env.wasm.numThreads = threads();
  return ort;
}

/**
 * @param {Ort} ort
 * @param {GraphDescription} description
 * @param {"webgpu" | "wasm"} engine
 * @returns {Promise<Graph>}
 */
async function openGraph(ort, description, engine) {
  if (engine === "wasm") {
    const session = await open(ort, description.file, "wasm");
    return { run: (feed, fetch) => run(ort, session, feed, fetch) };
  }
  const providers = /** @type {const} */ (["wasm", "webgpu", "wasm"]);
  /** @type {Session[]} */
  const sessions = [];
  for (const [place, piece] of description.pieces.entries()) {
    sessions.push(await open(ort, piece.file, providers[place]));
  }
  return { run: (feed, fetch) => runPieces(ort, sessions, description, feed, fetch) };
}

/**
 * @param {Ort} ort
 * @param {string} file
 * @param {"webgpu" | "wasm"} provider
 */
async function open(ort, file, provider) {
  const answer = await fetch(file);
  if (!answer.ok) {
    throw new Error(`${file} cannot be read (${answer.status}); the folder is not whole.`);
  }
  const content = new Uint8Array(await answer.arrayBuffer());
  return ort.InferenceSession.create(content, {
    executionProviders: [PROVIDERS[provider]],
    logSeverityLevel: ERRORS_ONLY,
  });
}

/**
 * @param {Ort} ort
 * @param {Session[]} sessions of the pieces, in order.
 * @param {GraphDescription} description
 * @param {Feed} feed
 * @param {string[]} fetch
 * @returns {Promise<Feed>}
 */
async function runPieces(ort, sessions, { pieces }, feed, fetch) {
  let values = feed;
  for (const [place, { inputs, outputs }] of pieces.entries()) {
    const given = Object.fromEntries(inputs.map((name) => [name, values[name]]));
    const isLast = place === pieces.length - 1;
    const wanted = isLast ? outputs.filter((name) => fetch.includes(name)) : outputs;
    values = { ...values, ...(await run(ort, sessions[place], given, wanted)) };
  }
  return values;
}

/**
 * @param {Ort} ort
 * @param {Session} session
 * @param {Feed} feed
 * @param {string[]} fetch
 * @returns {Promise<Feed>}
 */
async function run(ort, session, feed, fetch) {
  const given = Object.fromEntries(
    Object.entries(feed).map(([name, { type, data, dims }]) => [
      name,
      new ort.Tensor(type, /** @type {any} */ (data), dims),
    ]),
  );
  const outputs = await session.run(given, fetch);
  return Object.fromEntries(
    fetch.map((name) => {
      const { type, data, dims } = outputs[name];
      return [name, /** @type {any} */ ({ type, data, dims: [...dims] })];
    }),
  );
}
