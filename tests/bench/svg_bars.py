"""Bar charts as SVG, without a library: panels of horizontal bars, light and dark."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

ROW, LABEL, BAR, VALUE, GAP = 22, 190, 360, 110, 46
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; }
.note { fill: #59636e; }
.ours { fill: #0b6bcb; }
.theirs { fill: #9aa4af; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .note { fill: #9198a1; }
  .ours { fill: #58a6ff; }
  .theirs { fill: #6e7681; }
}
"""


@dataclass
class Panel:
    """A title with its unit, and bars: label, value, whether it is one of ours."""

    title: str
    bars: list[tuple[str, float, bool]]


def draw(panels: list[Panel], note: str) -> str:
    """The picture, as text."""
    width = LABEL + BAR + VALUE
    height = sum(GAP + ROW * len(panel.bars) for panel in panels) + 34
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
        f"<title>{escape(note)}</title><style>{STYLE}</style>",
    ]
    top = 0
    for panel in panels:
        lines.append(f'<text class="title" x="0" y="{top + 28}">{escape(panel.title)}</text>')
        top += GAP - 8
        most = max((value for _, value, _ in panel.bars), default=0) or 1
        for label, value, ours in panel.bars:
            length = max(1.0, BAR * value / most)
            shown = f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"
            kind = "ours" if ours else "theirs"
            lines += [
                f'<text x="{LABEL - 8}" y="{top + 15}" text-anchor="end">{escape(label)}</text>',
                f'<rect class="{kind}" x="{LABEL}" y="{top + 3}" width="{length:.1f}" height="{ROW - 6}" rx="2"/>',
                f'<text x="{LABEL + length + 6:.1f}" y="{top + 15}">{shown}</text>',
            ]
            top += ROW
        top += 8
    lines.append(f'<text class="note" x="0" y="{top + 22}">{escape(note)}</text></svg>')
    return "\n".join(lines) + "\n"
