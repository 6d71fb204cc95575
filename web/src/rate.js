// Frames per second: of the last moments, and of the whole run.

const WINDOW_MS = 2000;

export class Rate {
  constructor() {
    /** @type {number[]} */
    this.times = [];
    this.n = 0;
    this.first = NaN;
    this.last = NaN;
    this.pausedAt = NaN;
  }

  /** One more frame. */
  count(now = performance.now()) {
    this.n += 1;
    this.first = Number.isNaN(this.first) ? now : this.first;
    this.last = now;
    this.times.push(now);
    while (now - this.times[0] > WINDOW_MS) {
      this.times.shift();
    }
  }

  /** A pause begins, or ends; its time does not count. */
  pause(now = performance.now()) {
    if (Number.isNaN(this.pausedAt)) {
      this.pausedAt = now;
      return;
    }
    this.first += now - this.pausedAt;
    this.times = [];
    this.pausedAt = NaN;
  }

  now() {
    return perSecond(this.times.length - 1, this.last - this.times[0]);
  }

  mean() {
    return perSecond(this.n - 1, this.last - this.first);
  }
}

/**
 * @param {number} n
 * @param {number} ms
 */
function perSecond(n, ms) {
  return n > 0 && ms > 0 ? ((1000 * n) / ms).toFixed(1) : "–";
}
