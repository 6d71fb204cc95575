// Images as frames of one video, in the order of the numbers in their names.

import { spread } from "./numbering.js";
import { firstChannel, hasColor, threeOfFour } from "./pixels.js";

/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {import("../types.js").Source} Source */

const SAMPLED = 16; // images that show whether any has colours
const OPAQUE = 255;
const PNG = [0x89, 0x50, 0x4e, 0x47];
const PNG_DEPTH = 24; // offset of the bits per channel

/** @param {File} file */
export function isImage(file) {
  return file.type.startsWith("image/") || /\.(png|jpe?g|bmp|webp|gif|tiff?)$/i.test(file.name);
}

/**
 * @param {File[]} files
 * @returns {Promise<Source>}
 */
export async function openImages(files) {
  const ordered = [...files].sort((a, b) => byNumbers(a.name, b.name));
  const { isGray, size } = await look(ordered);
  const read = async (/** @type {number} */ number) => {
    const frame = await readImage(ordered[number]);
    return isGray && !hasColor(frame) ? firstChannel(frame) : frame;
  };
  return {
    name: files.length === 1 ? files[0].name : `${files.length} images`,
    nFrames: files.length,
    ...size,
    fps: null,
    notes: [],
    async *frames() {
      for (let number = 0; number < ordered.length; number++) {
        yield { number, frame: await read(number) };
      }
    },
    frameAt: read,
    close() {},
  };
}

/** @param {File[]} files */
async function look(files) {
  let size = null;
  for (const place of spread(files.length, SAMPLED)) {
    const frame = await readImage(files[place]);
    size ??= { height: frame.height, width: frame.width };
    if (hasColor(frame)) {
      return { isGray: false, size };
    }
  }
  if (size === null) {
    throw new Error("There is no image.");
  }
  return { isGray: true, size };
}

/**
 * Names with numbers by these: 2 ahead of 10.
 *
 * @param {string} one
 * @param {string} other
 */
export function byNumbers(one, other) {
  const [a, b] = [one, other].map((name) => name.match(/\d+|\D+/g) ?? []);
  for (let place = 0; place < Math.min(a.length, b.length); place++) {
    const difference = Number(a[place]) - Number(b[place]);
    if (difference) {
      return difference;
    }
    if (Number.isNaN(difference) && a[place] !== b[place]) {
      return a[place] < b[place] ? -1 : 1;
    }
  }
  return a.length - b.length;
}

/**
 * @param {File} file
 * @returns {Promise<Frame>} of three channels.
 */
async function readImage(file) {
  await refuseDeep(file);
  const options = /** @type {const} */ ({ colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const bitmap = await createImageBitmap(file, options).catch(() => {
    throw new Error(
      `${file.name}: this browser cannot read the image. PNG, JPEG, BMP and WebP are read by all.`,
    );
  });
  const { height, width } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) {
    throw new Error("This browser gives no canvas to draw an image on.");
  }
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  for (let place = 3; place < data.length; place += 4) {
    if (data[place] !== OPAQUE) {
      throw new Error(
        `${file.name}: the image has transparent parts, which models cannot take. Save it without ` +
          "an alpha channel.",
      );
    }
  }
  return threeOfFour(data, height, width);
}

/**
 * Browsers turn 16 bits into 8 without a word.
 *
 * @param {File} file
 */
async function refuseDeep(file) {
  const head = new Uint8Array(await file.slice(0, PNG_DEPTH + 1).arrayBuffer());
  if (PNG.every((byte, place) => head[place] === byte) && head[PNG_DEPTH] === 16) {
    throw new Error(
      `${file.name}: the image has 16 bits per channel, but models take 8-bit images (0 to 255). ` +
        "Scale it to 8 bits first, as for the images that the model was trained on.",
    );
  }
}
