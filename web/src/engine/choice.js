// Which engine runs: WebGPU where there is a GPU, else WebAssembly.

/** @typedef {import("../types.js").EngineChoice} EngineChoice */

const MOST_THREADS = 8;

/**
 * @param {string} asked `auto`, `webgpu` or `wasm`.
 * @returns {Promise<EngineChoice>}
 */
export async function chooseEngine(asked) {
  if (asked === "wasm") {
    return wasm("");
  }
  const found = await findGpu();
  if (found.adapter !== null && (asked === "webgpu" || !found.isSoftware)) {
    return { name: "webgpu", words: `WebGPU${found.words && ` (${found.words})`}`, reason: "" };
  }
  if (asked === "webgpu") {
    throw new Error(`WebGPU was asked for, but ${found.why}. Choose WebAssembly.`);
  }
  return wasm(found.why);
}

/**
 * WebAssembly with as many threads as the page may use.
 *
 * @param {string} reason why not WebGPU.
 * @returns {EngineChoice}
 */
export function wasm(reason) {
  const n = threads();
  const one =
    !self.crossOriginIsolated && wanted() > 1
      ? "One thread only, since this server sends no headers for cross-origin isolation; " +
        "`sleap-nn page --serve` sends them."
      : "";
  const why = reason && `No WebGPU: ${reason}.`;
  return {
    name: "wasm",
    words: `WebAssembly (${n} ${n === 1 ? "thread" : "threads"})`,
    reason: [why, one].filter(Boolean).join(" "),
  };
}

/** Threads share memory, which browsers allow isolated pages only. */
export function threads() {
  return self.crossOriginIsolated ? wanted() : 1;
}

/** One core is left to the browser, which decodes and draws: its threads would wait for each other. */
function wanted() {
  return Math.max(1, Math.min(MOST_THREADS, (navigator.hardwareConcurrency || 1) - 1));
}

async function findGpu() {
  const gpu = /** @type {any} */ (navigator).gpu;
  if (!gpu) {
    return { adapter: null, isSoftware: false, words: "", why: "this browser has none" };
  }
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (adapter === null) {
    return { adapter, isSoftware: false, words: "", why: "there is no GPU that it can use" };
  }
  const info = adapter.info ?? {};
  const words = [info.vendor, info.architecture].filter(Boolean).join(" ");
  const isSoftware = Boolean(info.isFallbackAdapter) || /swiftshader|llvmpipe|lavapipe/i.test(words);
  return { adapter, isSoftware, words, why: "the only GPU is software" };
}
