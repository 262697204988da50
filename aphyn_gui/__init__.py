"""aphyn_gui: fit physics-based deep learning models to optical mapping recordings of the heart.

The rooms, from the ground up (a room imports only from floors below it):

``recording``, ``physics``
    what was measured, and what is known
``hybrid``, ``insilico``
    F_p + F_dl; simulated tissue and recordings
``fitting``
    how a hybrid learns from sequences
``study``
    the document: recordings, regions, settings, fits, comparison
``gui``, ``cli``
    the window and the command line
"""

__version__ = "0.1.0"
