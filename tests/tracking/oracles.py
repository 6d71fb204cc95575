"""The definitions as plain loops over numbers: slow, and sharing no code with the package."""

import math
from itertools import permutations

NAN = math.nan
EPSILON = 2.0**-52


def is_known(point):
    return all(math.isfinite(value) for value in point)


def centroid(pose):
    known = [point for point in pose if is_known(point)]
    if not known:
        return [NAN, NAN]
    middle = []
    for axis in (0, 1):
        values = sorted(point[axis] for point in known)
        half = len(values) // 2
        even = len(values) % 2 == 0
        middle.append((values[half - 1] + values[half]) / 2 if even else values[half])
    return middle


def bbox(pose):
    known = [point for point in pose if is_known(point)]
    if not known:
        return [NAN] * 4
    xs, ys = [p[0] for p in known], [p[1] for p in known]
    return [min(xs), min(ys), max(xs), max(ys)]


def oks(detection, candidate, stddev):
    known = [i for i, point in enumerate(detection) if is_known(point)]
    if not known:
        return NAN
    x_min, y_min, x_max, y_max = bbox(detection)
    area = (x_max - x_min) * (y_max - y_min)
    total = 0.0
    for i in known:
        if is_known(candidate[i]):
            squared = sum((a - b) ** 2 for a, b in zip(detection[i], candidate[i], strict=True))
            total += math.exp(-squared / ((2 * stddev) ** 2 * 2 * (area + EPSILON)))
    return total / len(known)


def keypoint_distance(detection, candidate):
    joint = [i for i in range(len(detection)) if is_known(detection[i]) and is_known(candidate[i])]
    if not joint:
        return NAN
    total = sum((detection[i][k] - candidate[i][k]) ** 2 for i in joint for k in (0, 1))
    return -math.sqrt(total * len(detection) / len(joint))


def cosine(a, b):
    joint = [i for i in range(len(a)) if math.isfinite(a[i]) and math.isfinite(b[i])]
    length_a = math.sqrt(sum(a[i] ** 2 for i in joint))
    length_b = math.sqrt(sum(b[i] ** 2 for i in joint))
    if length_a == 0 or length_b == 0:
        return NAN
    return sum(a[i] * b[i] for i in joint) / (length_a * length_b)


def overlap(a, b):
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]) + 1)
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]) + 1)
    return width * height


def area(a):
    return (a[2] - a[0] + 1) * (a[3] - a[1] + 1)


def iou(a, b):
    if not (is_known(a) and is_known(b)):
        return NAN
    return overlap(a, b) / (area(a) + area(b) - overlap(a, b))


def reduce(scores, name, quantile):
    known = sorted(score for score in scores if math.isfinite(score))
    if not known:
        return NAN
    if name == "mean":
        return sum(known) / len(known)
    if name == "max":
        return known[-1]
    position = quantile * (len(known) - 1)
    low = math.floor(position)
    high = min(low + 1, len(known) - 1)
    return known[low] + (known[high] - known[low]) * (position - low)


def best_total(scores):
    """Largest sum over all ways to pair every row with its own column (rows <= columns)."""
    n_rows, n_columns = len(scores), len(scores[0])
    return max(
        sum(scores[row][column] for row, column in enumerate(chosen))
        for chosen in permutations(range(n_columns), n_rows)
    )


def greedy(scores):
    """Pairs (row, column): best remaining score, then lowest row, then lowest column; NaN last."""
    left = {
        (row, column): -value if math.isfinite(value) else math.inf
        for row, values in enumerate(scores)
        for column, value in enumerate(values)
    }
    pairs = []
    while left:
        row, column = min(left, key=lambda pair: (left[pair], pair))
        pairs.append((row, column))
        left = {pair: cost for pair, cost in left.items() if pair[0] != row and pair[1] != column}
    return sorted(pairs)


def cull(poses, scores, max_count, threshold):
    """Indices kept, ascending."""
    if len(poses) <= max_count:
        return list(range(len(poses)))
    order = sorted(range(len(poses)), key=lambda i: (-scores[i], i))
    if threshold:
        survivors, suppressed = [], []
        for i in order:
            box = bbox(poses[i])
            hidden = any(overlap(bbox(poses[k]), box) / area(box) > threshold for k in survivors)
            (suppressed if hidden else survivors).append(i)
        order = survivors + suppressed
    return sorted(order[:max_count])


def kalman_step(state, observation, *, dt_var, noise_var):
    """One predict and correct of position and velocity, with 2x2 matrices written out.

    `state` is (position, velocity, p_xx, p_xv, p_vv); `observation` may be None.
    """
    x, v, xx, xv, vv = state
    x = x + v
    xx, xv, vv = xx + 2 * xv + vv + dt_var / 4, xv + vv + dt_var / 2, vv + dt_var
    if observation is None:
        return x, v, xx, xv, vv
    innovation, total = observation - x, xx + noise_var
    gain_x, gain_v = xx / total, xv / total
    return (
        x + gain_x * innovation,
        v + gain_v * innovation,
        (1 - gain_x) * xx,
        (1 - gain_x) * xv,
        vv - gain_v * xv,
    )
