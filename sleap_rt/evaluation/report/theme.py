"""Colours and style of the report, for light, dark, phone and paper."""

# Middle tones: each has a contrast of at least 3:1 on both page backgrounds.
SERIES = ("#2f7ed8", "#d0602a", "#2a9468", "#b0509e", "#a07d1e", "#6b74c8", "#c24a5a", "#2b93a3")
TRUTH, PREDICTION = "#19c8e6", "#ff9a2e"  # drawn over video frames
LIGHT_PAGE, DARK_PAGE = "#ffffff", "#15181e"

# What plots use for lines and text; replaced by the page's own colours, which follow its theme.
FOREGROUND, FAINT = "#010203", "#040506"
THEMED = {FOREGROUND: "var(--text)", FAINT: "var(--rule)"}


def series_colour(index: int) -> str:
    """The colour of the prediction file or track at `index`; colours repeat after the last."""
    return SERIES[index % len(SERIES)]


STYLE = f"""
:root {{
  color-scheme: light dark;
  --page: {LIGHT_PAGE}; --panel: #f4f6f8; --text: #1c2430; --soft: #586271; --rule: #d5dae1;
  --link: #1a5fb4; --warn: #8a5a00; --warn-page: #fff6e0;
}}
@media (prefers-color-scheme: dark) {{
  :root {{
    --page: {DARK_PAGE}; --panel: #1e232b; --text: #e6e9ee; --soft: #a0a9b6; --rule: #39414d;
    --link: #8ab8f5; --warn: #f0c66b; --warn-page: #2c2617;
  }}
}}
* {{ box-sizing: border-box; }}
body {{
  margin: 0 auto; padding: 1.2rem 1rem 3rem; max-width: 66rem; background: var(--page);
  color: var(--text); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
}}
h1 {{ font-size: 1.5rem; line-height: 1.25; margin: 0 0 .3rem; overflow-wrap: anywhere; }}
h2 {{ font-size: 1.15rem; margin: 2.2rem 0 .6rem; padding-bottom: .2rem;
      border-bottom: 1px solid var(--rule); }}
h3 {{ font-size: 1rem; margin: 1.2rem 0 .4rem; overflow-wrap: anywhere; }}
p, li {{ overflow-wrap: anywhere; }}
p {{ margin: .3rem 0 .7rem; }}
a {{ color: var(--link); }}
.tables {{ column-gap: 2.5rem; }}
.tables section {{ break-inside: avoid; padding-bottom: .8rem; }}
.tables h3 {{ margin-top: 0; }}
.tables table {{ width: 100%; }}
.beside {{ display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: flex-start; }}
.beside figure {{ flex: 1 1 22rem; max-width: min(100%, 34rem); }}
h1 ~ .soft:not(h2 ~ .soft) {{ margin: 0 0 .1rem; }}
.beside .scroll {{ max-width: 100%; }}
.soft, figcaption {{ color: var(--soft); font-size: .875rem; }}
.cards {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr));
         gap: .6rem; margin: .8rem 0; }}
.card {{ background: var(--panel); border-radius: .5rem; padding: .6rem .8rem; }}
.card b {{ display: block; font-size: 1.35rem; font-weight: 650; line-height: 1.3;
          font-variant-numeric: tabular-nums; white-space: nowrap; }}
.card i, td.name i {{ display: inline-block; width: .7rem; height: .7rem; border-radius: .2rem;
                       margin-right: .45rem; }}
.card span {{ font-size: .85rem; }}
.card small {{ display: block; color: var(--soft); font-size: .75rem; line-height: 1.35; }}
.card b.best {{ font-weight: 800; }}
.card b.best::after {{ content: " \\2713"; font-size: .8em; }}
.cards.first {{ grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); }}
.first .card {{ padding: .9rem 1rem; }}
.first .card b {{ font-size: 1.9rem; }}
.lead {{ font-size: 1.05rem; margin-top: .7rem; }}
.card b.words {{ font-size: 1rem; line-height: 1.75rem; }}
.warnings {{ background: var(--warn-page); color: var(--warn); border-radius: .5rem;
            padding: .6rem .8rem .6rem 1.9rem; margin: .8rem 0; }}
.plots {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr));
         gap: 1rem; }}
figure {{ margin: 0; min-width: 0; }}
figure svg {{ display: block; width: 100%; height: auto; }}
figure.frame svg {{ aspect-ratio: 4 / 3; background: #30363f; border-radius: .3rem; }}
figure.frame:target {{ outline: .2rem solid var(--warn); outline-offset: .2rem; }}
figcaption {{ margin-top: .3rem; }}
.scroll {{ overflow-x: auto; }}
.timeline svg {{ min-width: 40rem; }}
table {{ border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }}
th, td {{ text-align: right; padding: .22rem .7rem; border-bottom: 1px solid var(--rule);
         white-space: nowrap; }}
th {{ vertical-align: bottom; }}
.name {{ white-space: normal; overflow-wrap: break-word; max-width: 9rem; }}
td.name {{ white-space: nowrap; max-width: none; }}
th:first-child, td:first-child {{ text-align: left; padding-left: 0; white-space: normal; }}
td:first-child {{ min-width: 7rem; }}
td.best {{ font-weight: 700; }}
td.bar {{ width: 6rem; min-width: 4rem; }}
td.bar i {{ display: block; height: .6rem; border-radius: .2rem; }}
.key {{ display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin: .3rem 0 .7rem; padding: 0;
       list-style: none; font-size: .875rem; }}
.key i {{ display: inline-block; width: .8rem; height: .8rem; border-radius: .2rem;
         margin-right: .35rem; vertical-align: -.08rem; }}
ol.switches {{ columns: 20rem auto; column-gap: 1rem; font-size: .9rem; padding: 0; }}
.switches li {{ margin-left: 2.6rem; break-inside: avoid; }}
@media (max-width: 30rem) {{
  body {{ padding: .8rem .7rem 2rem; }}
  h1 {{ font-size: 1.25rem; }}
  table {{ font-size: .85rem; }}
  th, td {{ padding: .22rem .3rem; }}
  td:first-child {{ min-width: 5rem; }}
  .bar, .wide, td.name span {{ display: none; }}
  .name {{ max-width: 6rem; }}
  .cards, .cards.first {{ grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); }}
  .first .card b {{ font-size: 1.5rem; }}
  .first .card:last-child:nth-child(odd) {{ grid-column: 1 / -1; }}
}}
@media print {{
  :root {{
    --page: #fff; --panel: #f4f6f8; --text: #000; --soft: #444; --rule: #bbb;
    --warn: #5c3c00; --warn-page: #fff6e0; font-size: 10pt;
  }}
  @page {{ margin: 12mm; }}
  body {{ max-width: none; padding: 0; }}
  h2 {{ margin-top: 1.4rem; }}
  figure, .card, tr, .warnings, .beside {{ break-inside: avoid; }}
  h2, h3, .key, .soft {{ break-after: avoid; }}
  .cards {{ grid-template-columns: repeat(4, 1fr); gap: .4rem; }}
  .cards.first {{ grid-template-columns: repeat(3, 1fr); }}
  .plots {{ grid-template-columns: repeat(3, 1fr); }}
  .tables {{ column-gap: 1.2rem; }}
  th, td {{ padding: .1rem .5rem; }}
  .beside {{ gap: .5rem 1rem; }}
  .beside figure {{ flex-basis: 17rem; max-width: 24rem; }}
  .beside td, .beside th {{ padding: .1rem .35rem; }}
  td.bar {{ width: 4rem; min-width: 3rem; }}
  .scroll {{ overflow: visible; }}
  .timeline svg {{ min-width: 0; }}
  a {{ color: inherit; text-decoration: none; }}
  * {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
}}
"""
