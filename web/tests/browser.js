// Drives the page in a real browser, as a person would: `node browser.js JOBS.json`.
//
// JOBS.json: {"browser": path, "arguments": [...], "downloads": folder, "jobs": [{"url", "files",
// "engine", "threshold"}]}. Prints one JSON array: what each page said, and where its results are.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

const OFFLINE = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const MOST_MS = 120_000;

const { browser, arguments: more = [], downloads, jobs } = JSON.parse(
  await readFile(process.argv[2], "utf8"),
);
const profile = await mkdtemp(join(tmpdir(), "sleap-rt-page-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: browser,
  headless: true,
  args: [...OFFLINE, ...more],
  acceptDownloads: true,
});
try {
  const answers = [];
  for (const [number, job] of jobs.entries()) {
    answers.push(await answer(job, number));
  }
  console.log(JSON.stringify(answers));
} finally {
  await context.close();
  await rm(profile, { recursive: true, force: true });
}

async function answer(job, number) {
  const page = await context.newPage();
  page.setDefaultTimeout(MOST_MS);
  const said = { errors: [], requests: [] };
  page.on("console", (line) => line.type() === "error" && said.errors.push(line.text()));
  page.on("pageerror", (error) => said.errors.push(String(error)));
  page.on("request", (request) => said.requests.push(request.url()));
  await page.goto(job.url);
  await page.waitForSelector("#files:enabled, #problem:visible", { state: "attached" });
  if (job.engine) {
    await page.locator("details", { hasText: "Runs on" }).evaluate((one) => (one.open = true));
    await page.selectOption("#on", job.engine);
    await page.waitForSelector("#files:enabled, #problem:visible", { state: "attached" });
  }
  said.isolated = await page.evaluate(() => crossOriginIsolated);
  said.title = await page.textContent("#title");
  said.engine = await page.textContent("#engine");
  if (job.files && !(await page.isVisible("#problem"))) {
    Object.assign(said, await run(page, job, number));
  }
  said.problem = await page.textContent("#problem");
  await page.close();
  return said;
}

/** Pauses at once, looks at frame 1 by the keyboard alone, goes on, and stops. */
async function pauseAndStop(page) {
  await page.click("#pause");
  await page.waitForSelector("#seek:enabled");
  await page.focus("#seek");
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await page.waitForSelector("#picture[aria-label^='Frame 1 ']");
  const label = await page.textContent("#pause");
  await page.click("#pause");
  await page.click("#stop");
  return { label };
}

async function run(page, job, number) {
  if (job.threshold !== undefined) {
    await page.locator("details", { hasText: "Runs on" }).evaluate((one) => (one.open = true));
    await page.fill("#threshold", String(job.threshold));
  }
  await page.setInputFiles("#files", job.files);
  const paused = job.stops ? await pauseAndStop(page) : {};
  await page.waitForSelector("#state[data-done], #problem:visible");
  if (await page.isVisible("#problem")) {
    return {};
  }
  const saved = {};
  for (const kind of ["csv", "json"]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(`#${kind}`)]);
    saved[kind] = join(downloads, `${number}.${kind}`);
    saved[`${kind}_name`] = download.suggestedFilename();
    await download.saveAs(saved[kind]);
  }
  return { ...paused, ...saved, state: await page.textContent("#state") };
}
