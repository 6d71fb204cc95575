// Builds the page into the Python package: `make web`.

import { build } from "esbuild";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const OUT = "../sleap_rt/web_page/static";
const RUNTIME = "node_modules/onnxruntime-web/dist";
const RUNTIME_FILES = [
  "ort.wasm.min.mjs",
  "ort-wasm-simd-threaded.mjs",
  "ort-wasm-simd-threaded.wasm",
  "ort.webgpu.min.mjs",
  "ort-wasm-simd-threaded.asyncify.mjs",
  "ort-wasm-simd-threaded.asyncify.wasm",
];

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
await build({
  entryPoints: ["src/main.js", "src/worker.js"],
  outdir: OUT,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none", // notices.txt has them whole
});
for (const name of ["index.html", "style.css", "icon.svg"]) {
  await cp(join("src", name), join(OUT, name));
}
for (const name of RUNTIME_FILES) {
  await cp(join(RUNTIME, name), join(OUT, name));
}
await writeFile(join(OUT, "notices.txt"), await notices());

/** Licences of what is built in, with the versions of this build. */
async function notices() {
  const { dependencies } = JSON.parse(await readFile("package.json", "utf8"));
  const text = await readFile("notices.txt", "utf8");
  return [
    text.replaceAll(/@([\w-]+)@/g, (_, name) => dependencies[name]),
    "Mediabunny\n----------\n",
    await readFile("node_modules/mediabunny/LICENSE", "utf8"),
    "\nsleap-rt\n--------\n",
    await readFile("../LICENSE", "utf8"),
  ].join("\n");
}
