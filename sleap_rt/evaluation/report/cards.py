"""Headline numbers and tables of the report."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from math import isnan

from sleap_rt.evaluation.metrics import Metrics
from sleap_rt.evaluation.report.theme import series_colour
from sleap_rt.evaluation.tables import IDENTITIES, NEVER_MEASURED, POSES, UNDEFINED, Row

_FIRST = {  # what one looks at first, and what it says
    "dist.p50": "Half of the points are closer to the truth.",
    "Detection Recall": "Share of the animals that were found.",
    "switches (IDSW)": "How often an animal went on under another track.",
}
_MORE = {
    "Detection Precision": "Share of the predictions that lie on an animal.",
    "Average Distance": "Mean error of a point; large errors weigh more.",
    "PCK@5px": "Share of the points closer than 5 px.",
    "mOKS": "Mean likeness of found animals, 0 to 1, by their size.",
    "mAP (OKS VOC)": "Precision over ten limits of likeness; false finds do not count.",
    "AP (COCO)": "The same as the COCO evaluator has it; false finds count.",
    "HOTA": "Detection and identity together, 0 to 1.",
    "IDF1": "Share of the detections with the right identity.",
}


def cards(metrics: Sequence[Metrics], *, mark_best: bool) -> str:
    """The headline numbers of each prediction file; with several, beside the file's colour.

    Args:
        metrics: of each prediction file.
        mark_best: False where the files were not measured in the same way.
    """
    return _cards(_FIRST, metrics, "cards first", mark_best) + _cards(
        _MORE, metrics, "cards", mark_best
    )


def _cards(
    explained: Mapping[str, str], metrics: Sequence[Metrics], style: str, mark_best: bool
) -> str:
    rows = {row.label: row for row in (*POSES, *IDENTITIES)}
    items = "".join(
        _card(rows[label], metrics, meaning, mark_best)
        for label, meaning in explained.items()
        if any(rows[label].value(one) is not None for one in metrics)
    )
    return f'<div class="{style}">{items}</div>' if items else ""


def _card(row: Row, metrics: Sequence[Metrics], meaning: str, mark_best: bool) -> str:
    texts = [row.text(one) for one in metrics]
    best = _best(row, metrics) if mark_best else None
    values = "".join(
        f"<b{_card_style(text, best)}>{_dot(index, len(texts))}{escape(text)}</b>"
        for index, text in enumerate(texts)
    )
    label = _CARD_NAMES.get(row.label, row.label)
    return (
        f'<div class="card">{values}<span>{escape(label)}</span><small>{escape(meaning)}</small>'
        "</div>"
    )


_CARD_NAMES = {
    "dist.p50": "Typical error",
    "Detection Recall": "Animals found",
    "switches (IDSW)": "Identity switches",
}


def _card_style(text: str, best: str | None) -> str:
    if text == UNDEFINED:
        return ' class="words"'
    return ' class="best"' if text == best else ""


def _dot(index: int, n_files: int) -> str:
    return f'<i style="background:{series_colour(index)}"></i>' if n_files > 1 else ""


def tables(
    groups: Sequence[tuple[str, Sequence[Row]]],
    metrics: Sequence[Metrics],
    names: Sequence[str],
    *,
    mark_best: bool,
) -> str:
    """Tables with headings, in as many columns as fit; tables without values are left out."""
    parts = [
        f"<section><h3>{escape(heading)}</h3>"
        f"{comparison_table(rows, metrics, names, mark_best=mark_best)}</section>"
        for heading, rows in groups
        if any(row.value(one) is not None for row in rows for one in metrics)
    ]
    width = f"{13 + 4 * len(metrics)}rem"
    return f'<div class="tables" style="columns:{width}">{"".join(parts)}</div>'


def comparison_table(
    rows: Sequence[Row],
    metrics: Sequence[Metrics],
    names: Sequence[str],
    *,
    mark_best: bool = True,
) -> str:
    """One line per value, one column per prediction file; with several, the best is bold.

    Args:
        rows: the lines; values that no file has are left out.
        metrics, names: of each prediction file.
        mark_best: False where the files were not measured in the same way.
    """
    lines = []
    for row in rows:
        values = [row.value(one) for one in metrics]
        if all(value is None for value in values):
            continue
        best = _best(row, metrics) if mark_best else None
        texts = [row.text(one) for one in metrics]
        cells = "".join(_cell(text, is_best=text == best) for text in texts)
        lines.append(f"<tr><td>{escape(row.label)}</td>{cells}</tr>")
    return _table(_header(names), lines)


def _cell(text: str, *, is_best: bool) -> str:
    return f'<td class="best">{escape(text)}</td>' if is_best else f"<td>{escape(text)}</td>"


def _best(row: Row, metrics: Sequence[Metrics]) -> str | None:
    """The best of several values as it is printed; None if what is printed does not differ."""
    values = [(row.value(one), row.text(one)) for one in metrics]
    known = [(v, t) for v, t in values if v is not None and not (isinstance(v, float) and isnan(v))]
    if not row.better or len({text for _, text in known}) < 2:
        return None
    return (max if row.better > 0 else min)(known)[1]


def _header(names: Sequence[str]) -> str:
    if len(names) == 1:
        return ""
    return "<th></th>" + "".join(f'<th class="name">{escape(name)}</th>' for name in names)


_FILES_HEAD = '<th><span class="wide">predictions</span></th>'


def node_table(metrics: Sequence[Metrics], names: Sequence[str]) -> str:
    """Errors of each node, the worst first, with a bar for the mean."""
    groups = [(i, m["node_metrics"]) for i, m in enumerate(metrics) if "node_metrics" in m]
    nodes = groups[0][1]["node_names"]
    means = [value for _, group in groups for value in group["avg"] if math.isfinite(value)]
    longest = max(means, default=0.0)
    order = sorted(range(len(nodes)), key=lambda node: -_largest(groups, node))
    lines = [
        f"<tr><td>{escape(nodes[node]) if first else ''}</td>{_name_cell(names, index)}"
        f'<td class="wide">{group["n"][node]}</td>'
        f"{_error_cells(group, node)}"
        f"{_bar(group['avg'][node], longest, index)}</tr>"
        for node in order
        for first, (index, group) in zip([True] + [False] * len(groups), groups, strict=False)
    ]
    header = "<th>node</th>" + (_FILES_HEAD if len(names) > 1 else "")
    header += '<th class="wide">measured</th>'
    header += "<th>mean px</th><th>median px</th><th>p95 px</th>"
    header += '<th class="bar"></th>'
    return _table(header, lines)


def _largest(groups: Sequence[tuple[int, Metrics]], node: int) -> float:
    known = [group["avg"][node] for _, group in groups if math.isfinite(group["avg"][node])]
    return max(known, default=-1.0)


def _name_cell(names: Sequence[str], index: int) -> str:
    if len(names) == 1:
        return ""
    return f'<td class="name">{_dot(index, len(names))}<span>{escape(names[index])}</span></td>'


def _error_cells(group: Metrics, node: int) -> str:
    values = [group[key][node] for key in ("avg", "p50", "p95")]
    if not math.isfinite(values[0]):
        return f'<td colspan="3">{NEVER_MEASURED}</td>'
    return "".join(f"<td>{value:.2f}</td>" for value in values)


def _bar(value: float, longest: float, index: int) -> str:
    share = 100 * value / longest if math.isfinite(value) and longest else 0
    style = f"width:{share:.1f}%;background:{series_colour(index)}"
    return f'<td class="bar"><i style="{style}"></i></td>'


def _table(header: str, lines: Sequence[str]) -> str:
    head = f"<thead><tr>{header}</tr></thead>" if header else ""
    return f'<div class="scroll"><table>{head}<tbody>{"".join(lines)}</tbody></table></div>'
