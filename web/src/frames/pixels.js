// Planes of a decoded picture to RGB or gray bytes, as `sleap-nn track` makes them: the BT.601
// matrix whatever the file says, since models were trained on frames decoded so, in the fixed-point
// steps of FFmpeg's converter, and every chroma sample spread over its block.

/** @typedef {import("../types.js").Frame} Frame */

const NEUTRAL = 128;

/**
 * Fixed-point factors; each product is (8 * value * factor) >> 16.
 *
 * @typedef {object} Matrix
 * @property {number} black brightness of black.
 * @property {number} y
 * @property {number} redV
 * @property {number} greenU
 * @property {number} greenV
 * @property {number} blueU
 */

/** @type {Matrix} */
const LIMITED = { black: 16, y: 9539, redV: 13074, greenU: -3209, greenV: -6660, blueU: 16525 };
/** @type {Matrix} */
const FULL = { black: 0, y: 8192, redV: 11485, greenU: -2819, greenV: -5850, blueU: 14516 };

/**
 * One picture as planes of brightness and chroma.
 *
 * @typedef {object} Planes
 * @property {number} height
 * @property {number} width
 * @property {boolean} isFullRange brightness reaches from 0 to 255, not from 16 to 235.
 * @property {number} across columns that share a chroma sample: 1 or 2.
 * @property {number} down rows that share one.
 * @property {number} step bytes between two chroma samples of a row: 2 where U and V alternate.
 * @property {Plane} y
 * @property {Plane} u
 * @property {Plane} v
 */

/**
 * @typedef {object} Plane
 * @property {Uint8Array} bytes from the first sample on.
 * @property {number} stride bytes from row to row.
 */

/**
 * Whether a picture has brightness only, by what is stored.
 *
 * @param {Planes} planes
 */
export function isNeutral(planes) {
  const rows = Math.ceil(planes.height / planes.down);
  const columns = Math.ceil(planes.width / planes.across);
  return [planes.u, planes.v].every(({ bytes, stride }) => {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        if (bytes[row * stride + column * planes.step] !== NEUTRAL) {
          return false;
        }
      }
    }
    return true;
  });
}

/**
 * @param {Planes} planes
 * @returns {Frame} of three channels.
 */
export function rgbOf(planes) {
  const { height, width, across, down, step, y, u, v } = planes;
  const matrix = planes.isFullRange ? FULL : LIMITED;
  const bright = table(matrix.y, matrix.black);
  const [redV, greenU, greenV, blueU] = [
    table(matrix.redV, NEUTRAL),
    table(matrix.greenU, NEUTRAL),
    table(matrix.greenV, NEUTRAL),
    table(matrix.blueU, NEUTRAL),
  ];
  const data = new Uint8ClampedArray(3 * height * width);
  let place = 0;
  for (let row = 0; row < height; row++) {
    const brightRow = row * y.stride;
    const uRow = Math.floor(row / down) * u.stride;
    const vRow = Math.floor(row / down) * v.stride;
    for (let column = 0; column < width; column++) {
      const chroma = (across === 2 ? column >> 1 : column) * step;
      const level = bright[y.bytes[brightRow + column]];
      const cb = u.bytes[uRow + chroma];
      const cr = v.bytes[vRow + chroma];
      data[place++] = level + redV[cr];
      data[place++] = level + greenU[cb] + greenV[cr];
      data[place++] = level + blueU[cb];
    }
  }
  return { data: new Uint8Array(data.buffer), height, width, channels: 3 };
}

/**
 * What each byte adds to a channel.
 *
 * @param {number} factor
 * @param {number} zero byte that adds nothing.
 */
function table(factor, zero) {
  return Int16Array.from({ length: 256 }, (_, byte) => (8 * (byte - zero) * factor) >> 16);
}

/**
 * The first three of four channels.
 *
 * @param {Uint8Array | Uint8ClampedArray} pixels (height, width, 4).
 * @param {number} height
 * @param {number} width
 * @param {boolean} [isBgr] blue comes first.
 * @returns {Frame}
 */
export function threeOfFour(pixels, height, width, isBgr = false) {
  const data = new Uint8Array(3 * height * width);
  const [red, blue] = isBgr ? [2, 0] : [0, 2];
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = pixels[from + red];
    data[to + 1] = pixels[from + 1];
    data[to + 2] = pixels[from + blue];
  }
  return { data, height, width, channels: 3 };
}

/**
 * Whether the channels differ anywhere by more than so many gray levels.
 *
 * @param {Frame} frame of three channels.
 * @param {number} [most]
 */
export function hasColor({ data }, most = 0) {
  for (let place = 0; place < data.length; place += 3) {
    if (
      Math.abs(data[place + 1] - data[place]) > most ||
      Math.abs(data[place + 2] - data[place]) > most
    ) {
      return true;
    }
  }
  return false;
}

/**
 * The red channel, which all channels of gray are.
 *
 * @param {Frame} frame of three channels.
 * @returns {Frame}
 */
export function firstChannel({ data, height, width }) {
  const gray = new Uint8Array(height * width);
  for (let place = 0; place < gray.length; place++) {
    gray[place] = data[3 * place];
  }
  return { data: gray, height, width, channels: 1 };
}

/**
 * An image turned clockwise.
 *
 * @param {Frame} frame
 * @param {number} degrees a multiple of 90.
 * @returns {Frame}
 */
export function turned(frame, degrees) {
  const { data, height, width, channels } = frame;
  if (degrees % 360 === 0) {
    return frame;
  }
  const isUpright = degrees % 180 === 0;
  const [newHeight, newWidth] = isUpright ? [height, width] : [width, height];
  const out = new Uint8Array(data.length);
  for (let row = 0; row < newHeight; row++) {
    for (let column = 0; column < newWidth; column++) {
      const [fromRow, fromColumn] = {
        90: [height - 1 - column, row],
        180: [height - 1 - row, width - 1 - column],
        270: [column, width - 1 - row],
      }[((degrees % 360) + 360) % 360] ?? [row, column];
      const from = (fromRow * width + fromColumn) * channels;
      out.set(data.subarray(from, from + channels), (row * newWidth + column) * channels);
    }
  }
  return { data: out, height: newHeight, width: newWidth, channels };
}

/**
 * A frame as the four channels of a canvas.
 *
 * @param {Frame} frame
 * @returns {ImageData}
 */
export function imageData({ data, height, width, channels }) {
  const image = new ImageData(width, height);
  for (let from = 0, to = 0; from < data.length; from += channels, to += 4) {
    image.data[to] = data[from];
    image.data[to + 1] = data[from + (channels === 3 ? 1 : 0)];
    image.data[to + 2] = data[from + (channels === 3 ? 2 : 0)];
    image.data[to + 3] = 255;
  }
  return image;
}
