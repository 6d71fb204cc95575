// What a decoder gives, as RGB bytes.

import { rgbOf, threeOfFour, turned } from "./pixels.js";

/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {import("mediabunny").VideoSample} VideoSample */

/** How the planes of each pixel format lie: columns and rows that share a chroma sample. */
const PLANAR = /** @type {Record<string, [number, number]>} */ ({
  I420: [2, 2],
  NV12: [2, 2],
  I422: [2, 1],
  I444: [1, 1],
});
const PACKED = ["RGBA", "RGBX", "BGRA", "BGRX"];
export const FORMATS = Object.keys(PLANAR);

/**
 * A picture, upright, and whether its colours were converted here rather than by the browser.
 *
 * @param {VideoSample} sample
 * @returns {Promise<{ frame: Frame, isOwn: boolean }>} of three channels.
 */
export async function pictureOf(sample) {
  const format = sample.format ?? "";
  if (!(format in PLANAR) && !PACKED.includes(format)) {
    return { frame: drawn(sample), isOwn: false };
  }
  const bytes = new Uint8Array(sample.allocationSize());
  const layout = await sample.copyTo(bytes);
  const { height, width } = sample.visibleRect;
  const frame = PACKED.includes(format)
    ? packed(bytes, layout[0], height, width, format.startsWith("BGR"))
    : rgbOf(planesOf(sample, bytes, layout));
  return { frame: turned(frame, sample.rotation), isOwn: true };
}

/**
 * @param {VideoSample} sample
 * @param {Uint8Array} bytes
 * @param {PlaneLayout[]} layout
 * @returns {import("./pixels.js").Planes}
 */
function planesOf(sample, bytes, layout) {
  const [across, down] = PLANAR[sample.format ?? ""];
  const isPaired = sample.format === "NV12";
  const plane = (/** @type {number} */ index, offset = 0) => ({
    bytes: bytes.subarray(layout[index].offset + offset),
    stride: layout[index].stride,
  });
  return {
    height: sample.visibleRect.height,
    width: sample.visibleRect.width,
    isFullRange: sample.colorSpace.fullRange === true,
    across,
    down,
    step: isPaired ? 2 : 1,
    y: plane(0),
    u: plane(1),
    v: isPaired ? plane(1, 1) : plane(2),
  };
}

/**
 * @param {Uint8Array} bytes
 * @param {PlaneLayout} layout
 * @param {number} height
 * @param {number} width
 * @param {boolean} isBgr
 */
function packed(bytes, { offset, stride }, height, width, isBgr) {
  const rows = new Uint8Array(4 * height * width);
  for (let row = 0; row < height; row++) {
    const start = offset + row * stride;
    rows.set(bytes.subarray(start, start + 4 * width), 4 * row * width);
  }
  return threeOfFour(rows, height, width, isBgr);
}

/**
 * Drawn by the browser, which also turns it upright.
 *
 * @param {VideoSample} sample
 */
function drawn(sample) {
  const { displayWidth: width, displayHeight: height } = sample;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) {
    throw new Error("This browser gives no canvas to draw a frame on.");
  }
  sample.draw(context, 0, 0);
  return threeOfFour(context.getImageData(0, 0, width, height).data, height, width);
}
