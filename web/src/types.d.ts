/** Values that pass between the parts of the page. */

/** One image as a graph takes it: rows of pixels, gray or RGB. */
export interface Frame {
  data: Uint8Array;
  height: number;
  width: number;
  channels: 1 | 3;
}

/** One animal of one frame. */
export interface Pose {
  /** x, y of each node in px of the frame; NaN where the node is missing. */
  points: Float32Array;
  /** Confidence of each node. */
  pointScores: Float32Array;
  score: number;
  /** Index into `class_names`; -1 without an identity. */
  classIndex: number;
  /** Probability of that class; NaN without one. */
  classProb: number;
}

export interface PieceDescription {
  file: string;
  inputs: string[];
  outputs: string[];
}

export interface Tolerance {
  px: number;
  score: number;
  percentile: number;
}

export interface GraphDescription {
  kind: string;
  /** The exported file. */
  file: string;
  /** The same in three pieces: what comes ahead of the network, the network, what comes behind. */
  pieces: PieceDescription[];
  /** One run whose result is certified. */
  sample: string;
  tolerance: Tolerance;
}

/** What can be set for a run; names as in `sleap-nn track`. */
export interface DecodeOptions {
  peak_threshold: number;
  integral_refinement: string;
  max_instances: number | null;
  max_edge_length_ratio: number;
  dist_penalty_weight: number;
  min_line_scores: number;
  min_instance_peaks: number;
}

/** `model.json`, written by `sleap-nn page`. */
export interface ModelDescription {
  program: string;
  name: string;
  title: string;
  kinds: string[];
  family: string;
  weights_sha256: string[];
  node_names: string[];
  /** Edges to draw. */
  skeleton_edges: [number, number][];
  /** Edges to group along, in the order of the graph. */
  edges: [number, number][];
  class_names: string[];
  notes: string[];
  options: DecodeOptions;
  graphs: GraphDescription[];
}

/** A tensor as plain values; what an engine takes and gives. */
export interface Values {
  type: "uint8" | "float32" | "int64";
  data: Uint8Array | Float32Array | BigInt64Array;
  dims: number[];
}

export type Feed = Record<string, Values>;

/** Runs one exported graph; knows tensors, not poses. */
export interface Graph {
  run(feed: Feed, fetch: string[]): Promise<Feed>;
}

export interface Predictor {
  predict(frame: Frame): Promise<Pose[]>;
}

export interface EngineChoice {
  name: "webgpu" | "wasm";
  /** For people: what runs, with how many threads, on which GPU. */
  words: string;
  /** Why it is not the other, or not quicker; empty where there is nothing to say. */
  reason: string;
}

/** How far a replay of the stored sample is from the certified result. */
export interface Proof {
  passed: boolean;
  px: number;
  score: number;
  n_points: number;
}

/** A frame of a source and its number. */
export interface Numbered {
  number: number;
  frame: Frame;
}

/** An opened video, or images as frames of one. */
export interface Source {
  name: string;
  nFrames: number;
  height: number;
  width: number;
  fps: number | null;
  notes: string[];
  frames(): AsyncGenerator<Numbered>;
  frameAt(number: number): Promise<Frame | null>;
  close(): void;
}

export interface SourceFacts {
  name: string;
  nFrames: number;
  height: number;
  width: number;
  fps: number | null;
  notes: string[];
}

export type ToWorker =
  | { type: "load"; engine: string }
  | { type: "run"; files: File[]; options: DecodeOptions }
  | { type: "pause" }
  | { type: "resume" }
  | { type: "stop" }
  | { type: "show"; number: number };

export type FromWorker =
  | { type: "loading"; words: string }
  | { type: "loaded"; engine: EngineChoice; proofs: Proof[] }
  | { type: "opened"; source: SourceFacts }
  | { type: "frame"; number: number; poses: Pose[]; image: ImageBitmap | null }
  | { type: "shown"; number: number; image: ImageBitmap | null }
  | { type: "ended"; stopped: boolean }
  | { type: "failed"; words: string };
