#!/usr/bin/env python3
"""Draws a run's metrics.jsonl as SVG: loss curves, or the gates by layer over training (the paper's figure 6).

    tools/plot_run.py loss  runs/pictogram/vision/metrics.jsonl   models/pictogram/loss-vision.svg
    tools/plot_run.py gates runs/pictogram/flamingo/metrics.jsonl models/pictogram/gates.svg

Needs the standard library only.
"""
import json
import sys

PANEL_W, PANEL_H, MARGIN = 420, 260, 52
COLOURS = ["#d6336c", "#1c7ed6", "#2b8a3e", "#e8590c", "#7048e8", "#0c8599", "#5c940d", "#862e9c"]


def read(path):
    with open(path) as lines:
        return [json.loads(line) for line in lines]


def smooth(points, width):
    """Running mean over `width` points."""
    result, total, window = [], 0.0, []
    for x, y in points:
        window.append(y)
        total += y
        if len(window) > width:
            total -= window.pop(0)
        result.append((x, total / len(window)))
    return result


def panel(title, curves, left, y_max=None):
    """One axis pair with named curves [(name, [(x, y), ...]), ...] as SVG."""
    xs = [x for _, points in curves for x, _ in points]
    ys = [y for _, points in curves for _, y in points]
    x_max = max(xs) or 1
    y_min, y_top = min(0.0, min(ys)), y_max or max(ys) * 1.05 or 1

    def place(x, y):
        px = left + MARGIN + x / x_max * (PANEL_W - MARGIN - 16)
        py = PANEL_H - 36 - (y - y_min) / (y_top - y_min) * (PANEL_H - 72)
        return f"{px:.1f},{py:.1f}"

    out = [f'<text x="{left + PANEL_W / 2}" y="18" text-anchor="middle" font-size="14">{title}</text>']
    for i in range(5):
        value = y_min + (y_top - y_min) * i / 4
        x0, y0 = place(0, value).split(",")
        x1, _ = place(x_max, value).split(",")
        out.append(f'<line x1="{x0}" y1="{y0}" x2="{x1}" y2="{y0}" stroke="#ddd"/>')
        out.append(f'<text x="{float(x0) - 6}" y="{float(y0) + 4}" text-anchor="end" font-size="11">{value:.2g}</text>')
    for x in (0, x_max // 2, x_max):
        px, py = place(x, y_min).split(",")
        out.append(f'<text x="{px}" y="{float(py) + 16}" text-anchor="middle" font-size="11">{x}</text>')
    for i, (name, points) in enumerate(curves):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(place(x, y) for x, y in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        out.append(f'<text x="{left + PANEL_W - 12}" y="{40 + 15 * i}" text-anchor="end" font-size="11" '
                   f'fill="{colour}">{name}</text>')
    return "\n".join(out)


def svg(panels):
    width = PANEL_W * len(panels)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {PANEL_H}" width="{width}" '
            f'height="{PANEL_H}" font-family="sans-serif"><rect width="100%" height="100%" fill="#fff"/>\n'
            + "\n".join(panels) + "\n</svg>\n")


def curve(rows, key, every):
    points = [(row["step"], row[key]) for row in rows if row.get(key) is not None]
    return smooth(points, every)[::max(1, every // 4)]


def loss_figure(rows):
    window = max(1, len(rows) // 60)
    return svg([panel("loss by step", [("loss", curve(rows, "loss", window))], 0)])


def gate_figure(rows):
    panels = []
    for i, (kind, title) in enumerate((("gate_xattn.", "|tanh(alpha_xattn)| by step"),
                                       ("gate_dense.", "|tanh(alpha_dense)| by step"))):
        names = sorted(key for key in rows[-1] if key.startswith(kind))
        curves = [("layer " + name[len(kind):], curve(rows, name, 1)[::max(1, len(rows) // 200)]) for name in names]
        panels.append(panel(title, curves, i * PANEL_W))
    return svg(panels)


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("loss", "gates"):
        sys.exit(__doc__)
    rows = read(sys.argv[2])
    if not rows:
        sys.exit(f"{sys.argv[2]}: expected at least one step, got none")
    with open(sys.argv[3], "w") as out:
        out.write(loss_figure(rows) if sys.argv[1] == "loss" else gate_figure(rows))


if __name__ == "__main__":
    main()
