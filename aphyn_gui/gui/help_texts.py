"""The words of the Help menu."""

from __future__ import annotations

from aphyn_gui import __version__

CITATIONS = (
    "V. Kashtanova, M. Pop, I. Ayed, P. Gallinari, M. Sermesant. APHYN-EP: Physics-based deep "
    "learning framework to learn and forecast cardiac electrophysiology dynamics. Statistical "
    "Atlases and Computational Models of the Heart (STACOM), 2022.",
    "C. C. Mitchell, D. G. Schaeffer. A two-current model for the dynamics of cardiac membrane. "
    "Bulletin of Mathematical Biology 65:767-793, 2003.",
)
"""What a publication that used the program cites, as plain text."""

ABOUT = f"""
<h3>aphyn_gui {__version__}</h3>
<p>Fits physics-based deep learning models of cardiac electrophysiology (APHYN-EP) to optical
mapping recordings. BSD 3-Clause License.</p>
"""

GUIDE = """
<h2>Guide</h2>
<p><a href="#tour">Five-minute tour</a> · <a href="#keys">Keys</a> ·
<a href="#numbers">What the numbers mean</a> · <a href="#trouble">If something is wrong</a></p>

<a name="tour"></a><h3>Five-minute tour</h3>
<p><b>1. Open the demo.</b> <a href="do:demo">Open demo</a> shows a simulated recording of a
ventricular slab with a normal and an ischaemic region. Your own recording: drop the file on the
window, or press Ctrl+O. If the file does not say how far apart its frames are, a bar above the
movie asks; nothing is assumed. <a href="do:information">Recording, Information</a> says what was
read and assumed, and offers what else the file could mean.</p>
<p><b>2. Draw an ROI.</b> Press <a href="do:draw">Draw ROI</a> and drag a rectangle over tissue
that should behave alike, 5 to 20 pixels wide. Draw a second one where you expect a difference.
Filled dots are pixels that train, hollow ones validate, crossed ones are too noisy and left
out.</p>
<p><b>3. Check the trace.</b> Depolarisation should point up: <i>Flip</i> turns it over. Triangles
mark the onsets of the beats. The shaded window is what will be fitted; drag it to another beat, or
its right edge to change the horizon. <i>Alternans</i> appears where beats take turns: average even
or odd ones. Background is left out by <i>Recording, Mask</i>.</p>
<p><b>4. Fit.</b> <a href="do:fit_all">Fit all</a>. First the physics alone, the
Mitchell-Schaeffer model: how fast the inward current opens (τ<sub>in</sub>), the outward current
repolarises (τ<sub>out</sub>) and the gate closes (τ<sub>close</sub>). Then the network
F<sub>dl</sub> learns what the physics F<sub>p</sub> misses of dv/dt. Grey: pixels. Strong: their
mean. Orange: the prediction. Pause or cancel at any time.</p>
<p><b>5. Read the comparison.</b> Each parameter stands beside that of the other region, with its
95 % interval, and the sentences above say which differences noise does not explain. A diamond is a
value that these data do not identify; rest the mouse on it for the reason. Compare the hybrid's
validation error with <i>physics only</i>: where they are equal, the physics says it all.
APD50, 80 and 90 are medians over the region's pixels and, below, those of the prediction.</p>
<p><b>6. See what the network does.</b> <i>Network</i>, a tab beside <i>Decomposition</i>, shows
F<sub>dl</sub> at every v and h with the way of the beat through them, and says when the physics
falls short; those times are shaded in the decomposition.</p>
<p><b>7. Export.</b> <i>Copy</i> and <i>Save CSV…</i> below the table keep every digit. <i>File,
Export</i> writes tables, series, a report, a script and models. Right-click a plot to save or copy
it as a picture.</p>
<p><a href="do:settings">Settings</a> opens every choice with its unit, range and meaning.
Everything but results can be undone with Ctrl+Z.</p>

<a name="keys"></a><h3>Keys</h3>
<table cellspacing="0" cellpadding="2">
<tr><td>Space</td><td>play or pause the movie</td></tr>
<tr><td>R, V</td><td>draw regions; select them</td></tr>
<tr><td>Shift+R</td><td>put a region in the middle of the movie</td></tr>
<tr><td>arrows</td><td>move the selected region by a pixel; with Shift by ten</td></tr>
<tr><td>Ctrl+arrows</td><td>make it wider, narrower, higher, lower</td></tr>
<tr><td>Page Up, Page Down</td><td>the region before, or after</td></tr>
<tr><td>F2, Delete, Ctrl+D</td><td>rename, delete, duplicate it</td></tr>
<tr><td>Alt+Up, Alt+Down</td><td>its place in the table of regions</td></tr>
<tr><td>Ctrl+Page Up, Ctrl+Page Down</td><td>the recording before, or after</td></tr>
<tr><td>Ctrl+S</td><td>save the study; with Shift under another name</td></tr>
<tr><td>F6, Shift+F6</td><td>the next panel, the one before</td></tr>
<tr><td>Ctrl+F</td><td>fit all; with Shift the selected region</td></tr>
<tr><td>Ctrl+I</td><td>what the recording is, and how it is read</td></tr>
<tr><td>Ctrl+,</td><td>settings</td></tr>
<tr><td>F1, Shift+F1</td><td>this guide; What's This for one control</td></tr>
</table>

<a name="numbers"></a><h3>What the numbers mean</h3>
<p><b>τ<sub>in</sub>, τ<sub>out</sub>, τ<sub>close</sub></b> (ms): time constants of
upstroke, repolarisation and duration. Smaller τ<sub>in</sub>: steeper upstroke. Smaller
τ<sub>close</sub>: shorter action potential.</p>
<p><b>Validation MSE</b>: mean square error on pixels that the fit has not seen; v runs from 0 to 1,
so 0.0004 is an error of 2 % of the amplitude. The <b>mean trace</b> is the best that any single
curve can do.</p>
<p><b>Mean F<sub>dl</sub>²</b> (1/ms²) and <b>share of F<sub>dl</sub></b>: how much the network
does. Small means that the time constants can be trusted to describe the tissue.</p>
<p><b>Not identified</b>: the data allow almost any value. <b>At a bound</b>: read it as "at least"
or "at most", or widen the bound in Settings.</p>

<a name="trouble"></a><h3>If something is wrong</h3>
<p><b>No beats are found</b>: depolarisation points down (press <i>Flip</i>), or the region is too
small or noisy: make it larger.</p>
<p><b>Every pixel is left out</b>: lower the SNR limit in Settings, Preparation, or average
neighbouring pixels there.</p>
<p><b>The first fit starts slowly</b>: its kernels are compiled for your processor, once on a
machine.</p>
<p><b>An error</b>: its message has <i>Details</i> and <i>Copy for a bug report</i>, which leaves
out the folders of your files. View, Log keeps all messages.</p>
"""
