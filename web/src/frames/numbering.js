// A frame's number is its place in the order of time, among all frames of the file.

/**
 * Times of the frames that are shown, ascending.
 *
 * @param {number[]} times of all packets, in s; those that end before 0 are not shown.
 * @returns {number[]}
 */
export function shownTimes(times) {
  return times.filter((time) => time >= 0).sort((a, b) => a - b);
}

/**
 * The frame whose time is nearest; decoders round times to a millionth of a second.
 *
 * @param {number[]} times ascending.
 * @param {number} time
 * @returns {number} -1 where no frame is within half a step.
 */
export function numberAt(times, time) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const isBefore = low > 0 && (low === times.length || time - times[low - 1] < times[low] - time);
  const number = isBefore ? low - 1 : low;
  return Math.abs((times[number] ?? Infinity) - time) <= 2e-6 ? number : -1;
}

/**
 * Places spread over n frames, the first and the last among them.
 *
 * @param {number} n
 * @param {number} most
 * @returns {number[]}
 */
export function spread(n, most) {
  const count = Math.min(n, most);
  return Array.from({ length: count }, (_, place) =>
    count === 1 ? 0 : Math.floor(((n - 1) * place) / (count - 1)),
  );
}
