"""The words of the Help menu."""

from __future__ import annotations

from aphyn_gui import __version__

TOUR = """
<h3>From a recording to two compared fits</h3>
<ol>
<li><b>Open</b> a recording: drop the file on the window, or take <i>Help › Open demo</i>. If the
file does not say how far apart its frames are, enter that above the movie.</li>
<li><b>Draw regions</b>: press <b>R</b> and drag on the movie. Drag a region to move it, its handles
to resize it; the arrow keys nudge it by one pixel, with Shift by ten. Names and numbers can be
typed into the table.</li>
<li><b>Check the trace</b> of the selected region: which way depolarisation goes (one click turns it
over), the beat, and the analysis window. Drag the window to another beat, or its right edge to
change the horizon.</li>
<li><b>Look at the dots</b>: filled pixels train, hollow ones validate, crossed ones are left
out. <i>Settings</i> holds every choice.</li>
<li><b>Fit all</b>. Watch prediction, physics F<sub>p</sub> and network F<sub>dl</sub>; pause or
cancel at any time, the last finite model is kept.</li>
<li><b>Compare</b> the regions in the table; copy it or save it as CSV.</li>
</ol>
<p>Space plays the movie. Ctrl+Z undoes everything but results. Nothing you do blocks a running
fit.</p>
"""

ABOUT = f"""
<h3>aphyn_gui {__version__}</h3>
<p>Fits physics-based deep learning models of cardiac electrophysiology (APHYN-EP) to optical
mapping recordings.</p>
<p>After Kashtanova et al., <i>Deep learning for model correction in cardiac electrophysiological
imaging</i>, and Yin et al., <i>APHYNITY</i>, ICLR 2021.</p>
<p>BSD 3-Clause License.</p>
"""
