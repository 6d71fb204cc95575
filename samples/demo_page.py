"""The demo's page: the clip with its poses, the report, and the commands that made them.

It needs the files beside it and nothing else: no server, no network, no script.
"""

from dataclasses import dataclass
from html import escape
from pathlib import Path

from sleap_rt.evaluation.report.theme import STYLE


@dataclass(frozen=True)
class Shown:
    """What is on the page; names of files beside it.

    Attributes:
        clip, picture, report: files.
        commands: that were run, as typed.
        clip_command: that drew the clip.
        results: name of each job -> what came of it, in words.
    """

    clip: str
    picture: str
    report: str
    commands: tuple[str, ...]
    clip_command: str
    results: dict[str, str]


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sleap-rt: the demo</title>
<style>{style}
video, iframe {{ display: block; width: 100%; border: 1px solid var(--rule);
                 border-radius: .5rem; }}
video {{ max-width: 648px; margin: .8rem 0 .4rem; height: auto; background: #000; }}
iframe {{ height: min(80vh, 60rem); background: var(--page); }}
pre {{ margin: .4rem 0; padding: .7rem .9rem; background: var(--panel); border-radius: .5rem;
       white-space: pre-wrap; overflow-wrap: anywhere; }}
pre code {{ display: block; padding-left: 1.5em; text-indent: -1.5em; }}
pre span {{ display: inline-block; max-width: 100%; text-indent: 0; }}
dt {{ font-weight: 650; }} dd {{ margin: 0 0 .4rem; }}
a {{ color: inherit; }}
</style>
</head>
<body>
<h1>Three animals, found and followed</h1>
<p class="soft">The sample scene of sleap-rt: drawn, so that every true pose is known.</p>
<video controls autoplay loop muted playsinline poster="{picture}" src="{clip}"
 aria-label="The clip with the poses that were found, one colour per track"></video>
<p class="soft">Poses as they were found, one colour per track. Drawn by
<code>{clip_command}</code></p>
<h2>The three commands</h2>
<pre>{commands}</pre>
<p class="soft">Run in the repository; the demo ran them for each set of models:</p>
<dl>{results}</dl>
<h2>How good the poses and the tracks are</h2>
<p><a href="{report}">The report</a> that <code>eval</code> wrote, here in full:</p>
<iframe src="{report}" title="Evaluation of the poses and tracks against the truth"></iframe>
</body>
</html>
"""


def write_page(path: Path, shown: Shown) -> Path:
    """Write the page; returns its path."""
    names = {name: escape(getattr(shown, name)) for name in ("clip", "picture", "report")}
    page = _PAGE.format(
        style=STYLE,
        clip_command=escape(shown.clip_command),
        commands="\n".join(map(_unbroken, shown.commands)),
        results="".join(
            f"<dt>{escape(job)}</dt><dd>{escape(words)}</dd>"
            for job, words in shown.results.items()
        ),
        **names,
    )
    path.write_text(page, encoding="utf8")
    return path


def _unbroken(command: str) -> str:
    """A command whose lines break between its words only."""
    words = (f"<span>{escape(word)}</span>" for word in command.split(" "))
    return f"<code>{' '.join(words)}</code>"
