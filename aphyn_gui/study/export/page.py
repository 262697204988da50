"""The frame of the report: its HTML and its style."""

from __future__ import annotations

_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1120px; padding: 28px 32px 48px; color: #1a1a1a;
  background: #fff; font: 14px/1.5 "Helvetica Neue", Helvetica, Arial, sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 32px 0 8px; padding-bottom: 4px; border-bottom: 1px solid #ddd; }
h3 { font-size: 14px; margin: 20px 0 6px; overflow-wrap: anywhere; }
p { margin: 6px 0; max-width: 84ch; }
ul { margin: 6px 0; padding-left: 20px; max-width: 84ch; }
.lead, .caption { color: #555; }
.caption { font-size: 12px; }
.warning { background: #fff6e5; border-left: 4px solid #d55e00; padding: 2px 16px 8px;
  margin-top: 24px; }
.warning h2 { border: 0; margin: 8px 0 0; }
.figures { display: flex; flex-wrap: wrap; gap: 8px 16px; }
.figures svg { max-width: 100%; height: auto; }
.chip { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 7px; }
.key { display: inline-block; width: 18px; height: 0; border-top: 3px solid;
  margin: 0 5px 3px 14px; }
table { border-collapse: collapse; margin: 8px 0; font-size: 13px;
  font-variant-numeric: tabular-nums; }
th, td { padding: 3px 14px 3px 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid #eee; overflow-wrap: anywhere; }
thead th { border-bottom: 1px solid #999; }
tbody th { font-weight: 400; color: #333; white-space: nowrap; }
details { margin-top: 8px; }
summary { cursor: pointer; color: #0072b2; }
@media print {
  body { padding: 0; font-size: 11px; }
  .figures svg, tr { break-inside: avoid; }
}
"""

PAGE = (
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>"""
    + _STYLE.replace("{", "{{").replace("}", "}}")
    + """</style>
</head>
<body>
<h1>{title}</h1>
<p class="lead">{lead}</p>
{findings}
{warnings}
{dots}
{table}
{differences}
<section><h2>Action potentials</h2>
<p class="caption">
<span class="key" style="border-color:#1a1a1a;margin-left:0"></span>mean of the training pixels
(shaded: 10th to 90th percentile of the pixels)
<span class="key" style="border-color:#d55e00"></span>hybrid
<span class="key" style="border-color:#0072b2"></span>F_p (dashed: physics alone)
<span class="key" style="border-color:#009e73"></span>F_dl.
From left to right: v, its two parts integrated (their sum dashed), the rates (the upstroke runs out
of the picture), and F_dl at every v and h with the way of the beat through them (colours end at the
largest |F_dl| on that way; elsewhere the network was never trained).</p>
{regions}</section>
<section><h2>Measured without a model</h2>
<p class="caption">Median (quartiles) over the pixels of each region.</p>
{measures}</section>
<section><h2>Methods</h2>{methods}</section>
<section><h2>References</h2>{references}</section>
</body>
</html>
"""
)
"""To be filled by ``str.format``."""
