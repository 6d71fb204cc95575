// Reads frames and runs the graphs, off the page's own thread.

import { chooseEngine, wasm } from "./engine/choice.js";
import { openGraphs } from "./engine/graphs.js";
import { prove } from "./engine/proof.js";
import { isImage, openImages } from "./frames/images.js";
import { imageData } from "./frames/pixels.js";
import { openVideo } from "./frames/video.js";
import { openPredictor } from "./poses/predictors.js";

/** @typedef {import("./types.js").DecodeOptions} DecodeOptions */
/** @typedef {import("./types.js").EngineChoice} EngineChoice */
/** @typedef {import("./types.js").FromWorker} FromWorker */
/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {import("./types.js").Graph} Graph */
/** @typedef {import("./types.js").ModelDescription} ModelDescription */
/** @typedef {import("./types.js").Proof} Proof */
/** @typedef {import("./types.js").Source} Source */
/** @typedef {import("./types.js").ToWorker} ToWorker */

const MS_BETWEEN_IMAGES = 60; // frames come faster than a person can see

const state = {
  /** @type {ModelDescription | null} */ model: null,
  /** @type {Graph[]} */ graphs: [],
  /** @type {Source | null} */ source: null,
  isStopped: false,
  /** @type {Promise<void> | null} */ pause: null,
  resume: () => {},
};

/**
 * @param {FromWorker} message
 * @param {Transferable[]} [moved]
 */
function tell(message, moved = []) {
  self.postMessage(message, { transfer: moved });
}

/** @type {{ [T in ToWorker["type"]]: (message: Extract<ToWorker, { type: T }>) => unknown }} */
const ANSWERS = {
  load: ({ engine }) => load(engine),
  run: ({ files, options }) => run(files, options),
  pause() {
    state.pause ??= new Promise((resolve) => {
      state.resume = resolve;
    });
  },
  resume: goOn,
  stop() {
    state.isStopped = true;
    goOn();
  },
  show: ({ number }) => show(number),
};

self.onmessage = async ({ data }) => {
  const message = /** @type {ToWorker} */ (data);
  try {
    await /** @type {(message: ToWorker) => unknown} */ (ANSWERS[message.type])(message);
  } catch (error) {
    tell({ type: "failed", words: error instanceof Error ? error.message : String(error) });
  }
};

function goOn() {
  state.pause = null;
  state.resume();
}

/** @param {string} asked */
async function load(asked) {
  state.model ??= await (await fetch("model.json")).json();
  const model = /** @type {ModelDescription} */ (state.model);
  const choice = await chooseEngine(asked);
  tell({ type: "loading", words: choice.words });
  try {
    await openOn(model, choice);
  } catch (error) {
    if (choice.name === "wasm" || asked !== "auto") {
      throw error;
    }
    const words = error instanceof Error ? error.message : String(error);
    await openOn(model, wasm(`it failed on this GPU: ${words}`));
  }
}

/**
 * Open the graphs, and replay their samples before anything else runs.
 *
 * @param {ModelDescription} model
 * @param {EngineChoice} engine
 */
async function openOn(model, engine) {
  const graphs = await openGraphs(model.graphs, engine.name);
  /** @type {Proof[]} */
  const proofs = [];
  for (const [place, graph] of graphs.entries()) {
    proofs.push(await prove(graph, model.graphs[place]));
  }
  if (proofs.some((proof) => !proof.passed)) {
    const worst = Math.max(...proofs.map((proof) => proof.px));
    throw new Error(
      `${engine.words} gives other poses than the certified ones (by ${worst.toPrecision(2)} px or ` +
        "in their number).",
    );
  }
  state.graphs = graphs;
  tell({ type: "loaded", engine, proofs });
}

/**
 * @param {File[]} files
 * @param {DecodeOptions} options
 */
async function run(files, options) {
  if (state.model === null || !state.graphs.length) {
    return;
  }
  state.source?.close();
  state.source = null;
  state.isStopped = false;
  state.pause = null;
  const source = await openSource(files);
  state.source = source;
  const { name, nFrames, height, width, fps, notes } = source;
  tell({ type: "opened", source: { name, nFrames, height, width, fps, notes } });
  const predictor = openPredictor(state.model, state.graphs, options);
  let shownAt = -Infinity;
  for await (const { number, frame } of source.frames()) {
    const poses = await predictor.predict(frame);
    const isDue = performance.now() - shownAt > MS_BETWEEN_IMAGES;
    const image = isDue ? await createImageBitmap(imageData(frame)) : null;
    shownAt = isDue ? performance.now() : shownAt;
    tell({ type: "frame", number, poses, image }, image ? [image] : []);
    await breath();
    await state.pause;
    if (state.isStopped) {
      break;
    }
  }
  tell({ type: "ended", stopped: state.isStopped });
}

/** Lets messages in: WebAssembly keeps this thread from its own queue. */
function breath() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(null);
    };
    port2.postMessage(null);
  });
}

/** @param {File[]} files */
async function openSource(files) {
  const images = files.filter(isImage);
  if (images.length === files.length) {
    return openImages(files);
  }
  if (files.length > 1) {
    throw new Error("Give one video, or images only; several files of other kinds were given.");
  }
  return openVideo(files[0]);
}

/** @param {number} number */
async function show(number) {
  /** @type {Frame | null} */
  const frame = (await state.source?.frameAt(number)) ?? null;
  const image = frame && (await createImageBitmap(imageData(frame)));
  tell({ type: "shown", number, image }, image ? [image] : []);
}
