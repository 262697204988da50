"""Composition root: arguments, QApplication, crash hooks, main window."""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aphyn_gui import __version__
from aphyn_gui.cli_input import SUBCOMMANDS
from aphyn_gui.gui import system_libraries

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from aphyn_gui.gui.collector import CollectorGuard
    from aphyn_gui.gui.log_hub import LogHub

DEMO_FOLDER = Path("aphyn-demo")
"""Where the demo writes on a machine without a display."""

_HEAVY_MODULES = ("torch", "aphyn_gui.hybrid", "aphyn_gui.fitting.trainer")
"""Imported in the background once the window is there."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, or open the window.

    Returns
    -------
    int
        Exit status; 2 when the input, or the machine, does not allow what was asked for.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments and arguments[0] in SUBCOMMANDS:
        # The window starts without the command line's jobs.
        from aphyn_gui import cli

        return cli.main(arguments)
    options = _parser().parse_args(arguments)
    if options.file is not None and not options.file.is_file():
        return _complain(f"aphyn-gui: there is no file {options.file}")
    problem = _prepare_platform(options)
    if problem:
        return _complain(problem)
    try:
        return _run(options)
    except ImportError as error:
        library = system_libraries.missing_library(error)
        if library is None:
            raise
        return _complain(system_libraries.advice(library))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aphyn-gui",
        description="Fit physics-based deep learning models of cardiac electrophysiology to "
        "optical mapping recordings.",
        epilog=f"Without a window: aphyn-gui {{{','.join(SUBCOMMANDS)}}} --help",
    )
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="recording or study to open"
    )
    parser.add_argument(
        "--demo",
        action="store_true",
        help="open the demo recording with its two regions and fit them; without a display, do so "
        f"offscreen and write pictures and the comparison into ./{DEMO_FOLDER}/",
    )
    parser.add_argument(
        "--screenshots",
        type=Path,
        metavar="DIR",
        help="write pictures of the window, fitting the demo, into DIR",
    )
    parser.set_defaults(demo_folder=None)
    parser.add_argument("--version", action="version", version=f"aphyn-gui {__version__}")
    return parser


def _prepare_platform(options: argparse.Namespace) -> str:
    """Choose where Qt draws; what stands in the way, in one line, or nothing."""
    if options.screenshots is not None:
        # Pictures have the size that was asked for, whatever screen there is.
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    elif not system_libraries.has_display() or _is_demo_offscreen(options):
        if not options.demo:
            return (
                "aphyn-gui: there is no display to open a window on. Set DISPLAY or "
                "WAYLAND_DISPLAY, run 'aphyn-gui --demo' for a demo offscreen, or 'aphyn-gui fit' "
                "to work without a window"
            )
        print(f"No display: the demo runs offscreen and writes into ./{DEMO_FOLDER}/", flush=True)
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        options.demo_folder = DEMO_FOLDER
    plugin = system_libraries.platform_plugin()
    if plugin is None:
        return ""
    library = system_libraries.plugin_problem(plugin)
    if library is not None:
        return system_libraries.advice(library)
    if plugin == "xcb" and not system_libraries.x_server_answers():
        return (
            f"aphyn-gui: the display {os.environ.get('DISPLAY', '')} does not answer. Check "
            "DISPLAY, or run 'aphyn-gui fit' to work without a window"
        )
    return ""


def _is_demo_offscreen(options: argparse.Namespace) -> bool:
    """Whether the demo's window would be opened where nobody can ever close it."""
    return bool(options.demo) and os.environ.get("QT_QPA_PLATFORM") == "offscreen"


def _run(options: argparse.Namespace) -> int:
    """Import Qt and run what was asked for."""
    os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
    from aphyn_gui.gui.import_hook import take_out_import_hook

    take_out_import_hook()
    from PySide6.QtCore import QSettings, QStandardPaths

    from aphyn_gui.gui.collector import CollectorGuard
    from aphyn_gui.gui.log_hub import CrashHooks, LogHub

    application = make_application()
    # Python's cyclic collector finalises Qt objects in whatever thread it runs: only here.
    guard = CollectorGuard(application)
    guard.hold_still()
    hub = LogHub()
    location = QStandardPaths.StandardLocation.AppDataLocation
    data = Path(QStandardPaths.writableLocation(location))
    hooks = CrashHooks(hub, data / "crash.log")
    hooks.install()
    try:
        if options.screenshots is not None or options.demo_folder is not None:
            # Nothing of the user's own window finds its way into a picture, or the reverse.
            QSettings.setDefaultFormat(QSettings.Format.IniFormat)
            application.setApplicationName("aphyn_gui_pictures")
            QSettings().clear()
            guard.collect_regularly()
            return _run_unattended(options)
        return _run_window(application, guard, hub, data, options)
    finally:
        hooks.remove()
        guard.release()


def make_application() -> QApplication:
    """The QApplication, with the program's names, for settings, and its theme."""
    from PySide6.QtWidgets import QApplication

    from aphyn_gui.gui import settings
    from aphyn_gui.gui.theme import theme_manager

    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(["aphyn-gui"])
    application.setOrganizationName("aphyn_gui")
    application.setApplicationName("aphyn_gui")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("aphyn-gui")
    theme_manager().set_mode(settings.theme_mode())
    return application


def _run_unattended(options: argparse.Namespace) -> int:
    from aphyn_gui.gui import pictures

    def say(text: str) -> None:
        print(text, flush=True)

    if options.screenshots is not None:
        return pictures.take_pictures(options.screenshots, say)
    return pictures.run_demo(options.demo_folder, say)


def _run_window(
    application: QApplication,
    guard: CollectorGuard,
    hub: LogHub,
    data: Path,
    options: argparse.Namespace,
) -> int:
    from PySide6.QtCore import Qt

    from aphyn_gui.gui.background import BackgroundTasks
    from aphyn_gui.gui.first_paint import FirstPaint
    from aphyn_gui.gui.main_window import MainWindow
    from aphyn_gui.gui.teardown import dispose

    window = MainWindow(hub, data / "recovery")
    prefetch = BackgroundTasks("imports")

    def imported(_: object = None) -> None:
        # No collection needs to walk through what was imported: that would take 0.2 s.
        gc.freeze()
        guard.collect_regularly()

    def report(error: Exception, details: str) -> None:
        imported()
        hub.tell("error", f"A part of the program cannot be loaded: {error}", details)

    def start() -> None:
        prefetch.submit("imports", _import_heavy_modules, imported, report)
        window.desk.offer_recovery()
        if options.file is not None:
            window.loader.open(options.file)
        elif options.demo:
            window.loader.opened.connect(
                lambda _path: window.fit_all(), Qt.ConnectionType.SingleShotConnection
            )
            window.loader.open_demo()

    # The window is there before anything heavy is loaded.
    FirstPaint(window, start)
    window.show()
    try:
        return application.exec()
    finally:
        prefetch.shutdown()
        dispose(window)


def _import_heavy_modules() -> None:
    for name in _HEAVY_MODULES:
        importlib.import_module(name)


def _complain(text: str) -> int:
    print(text, file=sys.stderr)
    return 2
