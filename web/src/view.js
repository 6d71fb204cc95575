// Draws a frame with its poses.

/** @typedef {import("./types.js").ModelDescription} ModelDescription */
/** @typedef {import("./types.js").Pose} Pose */

// Bright enough over dark and gray frames; the halo parts them from bright ones.
const COLORS = ["#19c8e6", "#ff9a2e", "#7ee06b", "#ff6fae", "#ffe14d", "#b79bff", "#ff7566", "#4fe3c1"];
const HALO = "rgb(0 0 0 / 60%)";

export class View {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    /** @type {ImageBitmap | null} */
    this.image = null;
    /** @type {Pose[]} */
    this.poses = [];
    /** @type {ModelDescription | null} */
    this.model = null;
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  /**
   * @param {ImageBitmap} image
   * @param {Pose[]} poses
   */
  show(image, poses) {
    this.image?.close();
    this.image = image;
    this.poses = poses;
    this.canvas.style.aspectRatio = `${image.width} / ${image.height}`;
    this.draw();
  }

  draw() {
    const { canvas, image } = this;
    const context = canvas.getContext("2d");
    if (image === null || context === null || !canvas.clientWidth) {
      return;
    }
    const scale = (canvas.clientWidth * devicePixelRatio) / image.width;
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    context.imageSmoothingEnabled = scale < 2;
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    this.poses.forEach((pose, index) => {
      const color = COLORS[(pose.classIndex < 0 ? index : pose.classIndex) % COLORS.length];
      this.#drawPose(context, pose, color, scale);
    });
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Pose} pose
   * @param {string} color
   * @param {number} scale screen px per frame px.
   */
  #drawPose(context, pose, color, scale) {
    // The middle of the first pixel is (0, 0) for models, (0.5, 0.5) for a canvas.
    const at = (/** @type {number} */ node) => [
      (pose.points[2 * node] + 0.5) * scale,
      (pose.points[2 * node + 1] + 0.5) * scale,
    ];
    const size = Math.max(2.5, canvasUnit(this.canvas) * 3.5) * devicePixelRatio;
    const lines = new Path2D();
    for (const [source, destination] of this.model?.skeleton_edges ?? []) {
      const [from, to] = [at(source), at(destination)];
      if (![...from, ...to].some(Number.isNaN)) {
        lines.moveTo(from[0], from[1]);
        lines.lineTo(to[0], to[1]);
      }
    }
    const dots = new Path2D();
    pose.pointScores.forEach((_, node) => {
      const [x, y] = at(node);
      if (!Number.isNaN(x)) {
        dots.moveTo(x + size, y);
        dots.arc(x, y, size, 0, 2 * Math.PI);
      }
    });
    context.lineCap = "round";
    for (const [style, width] of /** @type {[string, number][]} */ ([[HALO, 1.6], [color, 0.8]])) {
      context.strokeStyle = style;
      context.lineWidth = size * width;
      context.stroke(lines);
    }
    context.strokeStyle = HALO;
    context.lineWidth = size * 0.6;
    context.stroke(dots);
    context.fillStyle = color;
    context.fill(dots);
    this.#name(context, pose, color, size, at);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Pose} pose
   * @param {string} color
   * @param {number} size
   * @param {(node: number) => number[]} at
   */
  #name(context, pose, color, size, at) {
    const name = this.model?.class_names[pose.classIndex];
    const points = Array.from(pose.pointScores, (_, node) => at(node)).filter(([x]) => x === x);
    if (name === undefined || !points.length) {
      return;
    }
    const x = Math.max(...points.map((point) => point[0])) + 2 * size;
    const y = Math.min(...points.map((point) => point[1]));
    context.font = `600 ${5 * size}px system-ui, sans-serif`;
    context.strokeStyle = HALO;
    context.lineWidth = size;
    context.strokeText(name, x, y);
    context.fillStyle = color;
    context.fillText(name, x, y);
  }
}

/**
 * Smaller dots on smaller pictures.
 *
 * @param {HTMLCanvasElement} canvas
 */
function canvasUnit(canvas) {
  return Math.min(1, canvas.clientWidth / 800);
}
