// A video file as frames by number: mediabunny reads the file, the browser's own decoder (WebCodecs)
// the pictures.

import { ALL_FORMATS, BlobSource, EncodedPacketSink, Input, VideoSampleSink } from "mediabunny";

import { numberAt, shownTimes, spread } from "./numbering.js";
import { firstChannel, hasColor } from "./pixels.js";
import { FORMATS, pictureOf } from "./pictures.js";

/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {import("../types.js").Source} Source */

const SAMPLED = 17; // frames that show whether a video has colours
const NOISE = 4; // gray levels between channels that encoding makes of gray

/**
 * @param {File} file
 * @returns {Promise<Source>}
 */
export async function openVideo(file) {
  const input = new Input({ source: new BlobSource(file), formats: ALL_FORMATS });
  try {
    return await opened(input, file.name);
  } catch (error) {
    input.dispose();
    throw error;
  }
}

/**
 * @param {Input} input
 * @param {string} name
 * @returns {Promise<Source>}
 */
async function opened(input, name) {
  const track = await videoTrack(input, name);
  const times = shownTimes(await packetTimes(track));
  if (!times.length) {
    throw new Error(`${name} holds no frames.`);
  }
  const sink = new VideoSampleSink(track);
  const { isGray, isOwn, size } = await look(sink, times);
  const finish = (/** @type {Frame} */ frame) =>
    isGray && !hasColor(frame, NOISE) ? firstChannel(frame) : frame;
  return {
    name,
    nFrames: times.length,
    ...size,
    fps: times.length > 1 ? (times.length - 1) / (times[times.length - 1] - times[0]) : null,
    notes: isOwn ? [] : [BROWSERS_COLORS],
    async *frames() {
      let last = -1;
      for await (const sample of sink.samples()) {
        const number = numberAt(times, sample.timestamp);
        try {
          if (number > last) {
            yield { number, frame: finish((await pictureOf(sample)).frame) };
            last = number;
          }
        } finally {
          sample.close();
        }
      }
    },
    async frameAt(number) {
      const sample = await sink.getSample(times[number] + 1e-6);
      try {
        return sample && finish((await pictureOf(sample)).frame);
      } finally {
        sample?.close();
      }
    },
    close: () => input.dispose(),
  };
}

const BROWSERS_COLORS =
  "The browser gives no plain picture of this video and converts the colours itself; they may " +
  `differ by some gray levels from those of \`sleap-nn track\` (plain are ${FORMATS.join(", ")}).`;

const HOW_TO_CONVERT =
  "`ffmpeg -i VIDEO -c:v libx264 -crf 12 -pix_fmt yuv420p VIDEO.mp4` makes such a file.";

/**
 * @param {Input} input
 * @param {string} name
 */
async function videoTrack(input, name) {
  if (!(await input.canRead())) {
    throw new Error(
      `${name} is no video that a browser reads: MP4, MOV, WebM, MKV or MPEG-TS. ` +
        HOW_TO_CONVERT,
    );
  }
  const track = await input.getPrimaryVideoTrack();
  if (track === null) {
    throw new Error(`${name} holds no video.`);
  }
  if (!(await track.canDecode())) {
    throw new Error(
      `This browser cannot decode ${name} (${(await track.getCodecParameterString()) ?? "unknown codec"}). ` +
        `H.264, VP9 and AV1 with 8 bits are decoded by most. ${HOW_TO_CONVERT}`,
    );
  }
  return track;
}

/** @param {import("mediabunny").InputVideoTrack} track */
async function packetTimes(track) {
  const times = [];
  for await (const packet of new EncodedPacketSink(track).packets(undefined, undefined, {
    metadataOnly: true,
  })) {
    times.push(packet.timestamp);
  }
  return times;
}

/**
 * Size and colours, by frames from all over the video.
 *
 * @param {VideoSampleSink} sink
 * @param {number[]} times
 */
async function look(sink, times) {
  const places = spread(times.length, SAMPLED).map((number) => times[number] + 1e-6);
  let size = null;
  let isOwn = true;
  for await (const sample of sink.samplesAtTimestamps(places)) {
    if (sample === null) {
      continue;
    }
    const picture = await pictureOf(sample);
    sample.close();
    size ??= { height: picture.frame.height, width: picture.frame.width };
    isOwn &&= picture.isOwn;
    if (picture.frame.channels === 3 && hasColor(picture.frame)) {
      return { isGray: false, isOwn, size };
    }
  }
  if (size === null) {
    throw new Error("None of the video's frames can be decoded; the file is damaged.");
  }
  return { isGray: true, isOwn, size };
}
