# SPDX-License-Identifier: Apache-2.0
"""Tables on the terminal, results.json and the picture."""
import html
import json

RIGHT = str.rjust
LEFT = str.ljust


def table(heads, rows):
    """Lines of text in columns; the first column is flush left, all others right."""
    cells = [list(heads)] + [["-" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    cells.insert(1, ["-" * width for width in widths])
    return "\n".join("  " + "  ".join((RIGHT if i else LEFT)(cell, widths[i])
                                       for i, cell in enumerate(row)).rstrip() for row in cells)


def write_json(path, results):
    with open(path, "w") as file:
        json.dump(results, file, indent=2)
        file.write("\n")


BAR, GAP, LEFT_EDGE, WIDTH, FULL = 26, 12, 110, 760, 430


def bar_chart(path, title, subtitle, bars):
    """Horizontal bars, from zero. bars: (name, value, label, highlighted), one each."""
    height = 80 + len(bars) * (BAR + GAP) + 10
    longest = max(value for _, value, _, _ in bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" font-family="system-ui, sans-serif">',
        f"<title>{html.escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="30" font-size="18" font-weight="600" fill="#1b1f24">'
        f"{html.escape(title)}</text>",
        f'<text x="16" y="54" font-size="13" fill="#57606a">{html.escape(subtitle)}</text>',
    ]
    for i, (name, value, label, highlighted) in enumerate(bars):
        y = 80 + i * (BAR + GAP)
        middle = y + BAR * 0.68
        width = max(FULL * value / longest, 1)
        colour = "#1f6feb" if highlighted else "#8c959f"
        parts += [
            f'<text x="{LEFT_EDGE - 10}" y="{middle:.1f}" font-size="14" text-anchor="end" '
            f'fill="#1b1f24">{html.escape(name)}</text>',
            f'<rect x="{LEFT_EDGE}" y="{y}" width="{width:.1f}" height="{BAR}" rx="3" '
            f'fill="{colour}"/>',
            f'<text x="{LEFT_EDGE + width + 8:.1f}" y="{middle:.1f}" font-size="13" '
            f'fill="#1b1f24">{html.escape(label)}</text>',
        ]
    with open(path, "w") as file:
        file.write("\n".join(parts + ["</svg>"]) + "\n")
