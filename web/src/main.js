// The page: what a person does -> messages to the worker, its answers -> what is shown.

import { Rate } from "./rate.js";
import { csvOf, jsonOf } from "./tables.js";
import { View } from "./view.js";

/** @typedef {import("./types.js").DecodeOptions} DecodeOptions */
/** @typedef {import("./types.js").EngineChoice} EngineChoice */
/** @typedef {import("./types.js").FromWorker} FromWorker */
/** @typedef {import("./types.js").ModelDescription} ModelDescription */
/** @typedef {import("./types.js").SourceFacts} SourceFacts */
/** @typedef {import("./types.js").ToWorker} ToWorker */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
function element(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`the page has no ${id}`);
  }
  return found;
}

const button = (/** @type {string} */ id) => element(id, HTMLButtonElement);
const input = (/** @type {string} */ id) => element(id, HTMLInputElement);
const text = (/** @type {string} */ id) => element(id, HTMLElement);

const parts = {
  drop: text("drop"),
  files: input("files"),
  problem: text("problem"),
  run: text("run"),
  seek: input("seek"),
  progress: element("progress", HTMLProgressElement),
  settings: element("settings", HTMLFormElement),
  threshold: input("threshold"),
  most: input("most"),
  on: element("on", HTMLSelectElement),
};
const LEAST_PX = 1e-4; // that is told
const view = new View(element("picture", HTMLCanvasElement));
const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });

const state = {
  /** @type {"loading" | "ready" | "running" | "paused"} */ phase: "loading",
  /** @type {ModelDescription | null} */ model: null,
  /** @type {EngineChoice | null} */ engine: null,
  /** @type {File[]} */ files: [],
  /** @type {DecodeOptions | null} */ options: null,
  /** @type {SourceFacts | null} */ source: null,
  /** @type {import("./tables.js").Results} */ results: new Map(),
  rate: new Rate(),
};

/** @param {ToWorker} message */
function ask(message) {
  worker.postMessage(message);
}

/** @param {typeof state.phase} phase */
function enter(phase) {
  state.phase = phase;
  const isBusy = phase === "running" || phase === "paused";
  parts.files.disabled = phase === "loading";
  for (const field of [parts.threshold, parts.most, parts.on]) {
    field.disabled = isBusy || phase === "loading";
  }
  button("pause").textContent = phase === "paused" ? "Go on" : "Pause";
  button("pause").disabled = button("stop").disabled = !isBusy;
  button("again").disabled = phase !== "ready" || !state.files.length;
  button("csv").disabled = button("json").disabled = phase === "running" || !state.results.size;
  parts.seek.disabled = phase === "running" || !state.results.size;
  parts.progress.hidden = !isBusy;
}

/** @param {string} words */
function tellProblem(words) {
  parts.problem.textContent = words;
  parts.problem.hidden = !words;
}

/** @param {EngineChoice} engine */
function tellEngine(engine, /** @type {import("./types.js").Proof[]} */ proofs) {
  const worst = Math.max(LEAST_PX, ...proofs.map((proof) => proof.px));
  const proof = `it gives the model's certified poses within ${worst.toFixed(4)} px`;
  text("engine").textContent = `Runs on ${engine.words}; ${proof}. ${engine.reason}`.trim();
  text("engine").dataset.engine = engine.name;
}

/** @param {File[]} files */
function start(files) {
  const { model } = state;
  if (state.phase !== "ready" || model === null || !files.length || !parts.settings.reportValidity()) {
    return;
  }
  state.files = files;
  state.options = {
    ...model.options,
    peak_threshold: parts.threshold.valueAsNumber,
    max_instances: Number.isNaN(parts.most.valueAsNumber) ? null : parts.most.valueAsNumber,
  };
  state.results = new Map();
  state.source = null;
  state.rate = new Rate();
  tellProblem("");
  text("state").textContent = `Reading ${files[0].name} …`;
  parts.run.hidden = false;
  parts.progress.removeAttribute("value");
  enter("running");
  ask({ type: "run", files, options: state.options });
}

/** @type {{ [T in FromWorker["type"]]: (message: Extract<FromWorker, { type: T }>) => void }} */
const ANSWERS = {
  loading: ({ words }) => (text("engine").textContent = `Loading the model for ${words} …`),
  loaded({ engine, proofs }) {
    state.engine = engine;
    tellEngine(engine, proofs);
    enter("ready");
  },
  opened({ source }) {
    state.source = source;
    parts.seek.max = String(source.nFrames - 1);
    parts.progress.max = source.nFrames;
    const rate = source.fps === null ? "" : `, ${source.fps.toFixed(2).replace(/\.?0+$/, "")} frames/s`;
    const facts = `${source.name}: ${source.nFrames} frames of ${source.width}×${source.height} px${rate}.`;
    text("state").textContent = [facts, ...source.notes].join(" ");
  },
  frame({ number, poses, image }) {
    state.results.set(number, poses);
    state.rate.count();
    if (state.phase === "paused") {
      enter("paused"); // this one was on its way; it can be looked at and saved
    }
    if (image !== null) {
      if (!(state.phase === "paused" && document.activeElement === parts.seek)) {
        showFrame(number, image); // else a person looks at another one
      }
      text("rate").textContent = state.rate.now();
      text("count").textContent = `${state.results.size} of ${state.source?.nFrames}`;
      parts.progress.value = number + 1;
    }
  },
  shown({ number, image }) {
    if (image !== null && number === parts.seek.valueAsNumber) {
      showFrame(number, image);
    }
  },
  ended({ stopped }) {
    const n = state.results.size;
    text("rate").textContent = state.rate.mean();
    text("count").textContent = `${n} of ${state.source?.nFrames}`;
    text("state").textContent = `${stopped ? "Stopped" : "Done"}: ${n} frames of ${state.source?.name} at ${state.rate.mean()} frames/s.`;
    text("state").dataset.done = "true";
    enter("ready");
  },
  failed({ words }) {
    tellProblem(words);
    if (state.phase === "loading") {
      text("engine").textContent = "The model could not be opened.";
      parts.on.disabled = false;
      return;
    }
    text("state").textContent = state.results.size ? `Ended after ${state.results.size} frames.` : "";
    enter("ready");
  },
};

worker.onmessage = ({ data }) => {
  const message = /** @type {FromWorker} */ (data);
  /** @type {(message: FromWorker) => void} */ (ANSWERS[message.type])(message);
};
worker.onerror = ({ message }) => tellProblem(`The page's worker failed: ${message}`);

/**
 * @param {number} number
 * @param {ImageBitmap} image
 */
function showFrame(number, image) {
  const poses = state.results.get(number) ?? [];
  parts.seek.value = String(number);
  text("place").textContent = `frame ${number}`;
  text("animals").textContent = state.results.has(number) ? String(poses.length) : "not run";
  view.canvas.setAttribute("aria-label", `Frame ${number} with ${poses.length} animals`);
  view.show(image, poses);
}

/**
 * @param {string} suffix
 * @param {string} type
 * @param {string} content
 */
function save(suffix, type, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = `${(state.source?.name ?? "poses").replace(/\.[^.]*$/, "")}.predictions.${suffix}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

button("csv").onclick = () => {
  if (state.model !== null) {
    save("csv", "text/csv", csvOf(state.model, state.results));
  }
};
button("json").onclick = () => {
  const { model, engine, options, source, results } = state;
  if (model !== null && engine !== null && options !== null && source !== null) {
    save("json", "application/json", jsonOf({ model, engine, options, source, results }));
  }
};
button("pause").onclick = () => {
  const isPaused = state.phase === "paused";
  ask({ type: isPaused ? "resume" : "pause" });
  state.rate.pause();
  enter(isPaused ? "running" : "paused");
};
button("stop").onclick = () => ask({ type: "stop" });
button("again").onclick = () => start(state.files);
parts.seek.oninput = () => ask({ type: "show", number: parts.seek.valueAsNumber });
parts.on.onchange = () => load(parts.on.value);
parts.files.onchange = () => {
  start([...(parts.files.files ?? [])]);
  parts.files.value = ""; // so that the same file can be chosen again
};
for (const type of ["dragover", "dragleave", "drop"]) {
  addEventListener(type, (event) => {
    event.preventDefault();
    parts.drop.classList.toggle("over", type === "dragover");
  });
}
addEventListener("drop", ({ dataTransfer }) => {
  start([...(dataTransfer?.files ?? [])]);
});

/** @param {string} engine */
function load(engine) {
  tellProblem("");
  enter("loading");
  ask({ type: "load", engine });
}

async function begin() {
  const answer = await fetch("model.json");
  const model = /** @type {ModelDescription} */ (await answer.json());
  state.model = view.model = model;
  document.title = `${model.name}: poses in the browser`;
  text("title").textContent = model.name;
  text("model").textContent = model.title;
  parts.threshold.value = String(model.options.peak_threshold);
  parts.most.value = String(model.options.max_instances ?? "");
  for (const note of model.notes) {
    text("notes").append(Object.assign(document.createElement("li"), { textContent: note }));
  }
  load("auto");
}

enter("loading");
begin().catch((error) => tellProblem(`The page's folder is not whole: ${error.message}`));
