"""The window's style sheet: spacing, corners and states, in the colours of a theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aphyn_gui.gui.resource_files import resource_path

if TYPE_CHECKING:
    from aphyn_gui.gui.theme import Theme

_TEMPLATE = """
QToolTip {{ color: {text}; background: {panel}; border: 1px solid {border}; padding: 4px 6px; }}
QMainWindow::separator {{ background: {window}; width: 5px; height: 5px; }}
QMainWindow::separator:hover {{ background: {accent}; }}
QDockWidget {{ font-weight: 600; }}
QDockWidget::title {{
    background: {hover}; padding: 2px 8px;
}}
QMenuBar {{ background: {window}; border-bottom: 1px solid {border}; }}
QMenuBar::item {{ padding: 5px 9px; background: transparent; }}
QMenuBar::item:selected {{ background: {hover}; }}
QMenu {{ background: {panel}; border: 1px solid {border}; padding: 4px; }}
QMenu::item {{ padding: 5px 26px 5px 22px; border-radius: 4px; }}
QMenu::item:selected {{ background: {accent}; color: {on_accent}; }}
QMenu::item:disabled {{ color: {muted_text}; }}
QMenu::separator {{ height: 1px; background: {border}; margin: 4px 6px; }}
QToolBar {{ background: {window}; border: none; border-bottom: 1px solid {border};
    padding: 3px 6px; spacing: 3px; }}
QToolBar::separator {{ background: {border}; width: 1px; margin: 4px 5px; }}
QCheckBox::indicator {{ width: 13px; height: 13px; border: 1px solid {muted_text};
    border-radius: 3px; background: {field}; }}
QCheckBox::indicator:checked {{ background: {accent}; border-color: {accent}; {tick} }}
QCheckBox::indicator:disabled {{ border-color: {border}; }}
QCheckBox::indicator:checked:disabled {{ background: {muted_text}; border-color: {muted_text}; }}
QToolButton {{ padding: 4px 8px; border: 1px solid transparent; border-radius: 5px; }}
QToolButton:hover {{ background: {hover}; }}
QToolButton:checked {{ background: {accent}; color: {on_accent}; }}
QToolButton:disabled {{ color: {muted_text}; }}
QToolButton:checked:disabled {{ background: {hover}; color: {muted_text}; }}
QPushButton {{ background: {panel}; border: 1px solid {border}; border-radius: 5px;
    padding: 4px 12px; }}
QPushButton:hover {{ background: {hover}; }}
QPushButton:pressed {{ background: {border}; }}
QPushButton:focus {{ border-color: {accent}; }}
QPushButton:disabled {{ color: {muted_text}; background: {window}; }}
QPushButton[primary="true"] {{ background: {accent}; color: {on_accent}; border-color: {accent};
    font-weight: 600; }}
QPushButton[primary="true"]:disabled {{ background: {hover}; color: {muted_text};
    border-color: {border}; }}
QPushButton[role="link"] {{ background: transparent; border: none; color: {accent};
    padding: 2px 6px; }}
QPushButton[role="link"]:hover {{ text-decoration: underline; }}
QLineEdit, QPlainTextEdit, QTextBrowser {{
    background: {field}; border: 1px solid {border}; border-radius: 4px;
    selection-background-color: {accent}; selection-color: {on_accent}; }}
QLineEdit {{ padding: 3px 6px; }}
QLineEdit:focus {{ border-color: {accent}; }}
QLineEdit:disabled {{ color: {muted_text}; background: {window}; }}
QAbstractSpinBox QLineEdit {{ border: none; padding: 0; background: transparent; }}
QTableView {{ background: {field}; border: 1px solid {border}; gridline-color: {border};
    selection-background-color: {hover}; selection-color: {text}; }}
QTableView::item {{ padding: 2px 6px; }}
QTableView QLineEdit {{ border: 1px solid {accent}; border-radius: 0; padding: 0 4px; }}
QHeaderView::section {{ background: {window}; color: {muted_text}; border: none;
    border-bottom: 1px solid {border}; padding: 4px 6px; }}
QTableCornerButton::section {{ background: {window}; border: none; }}
QTabBar::tab {{ padding: 5px 9px; color: {muted_text}; border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {text}; border-bottom: 2px solid {accent}; }}
QTabBar::tab:hover {{ background: {hover}; }}
QSlider::groove:horizontal {{ height: 4px; background: {border}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {accent}; width: 14px; height: 14px; margin: -5px 0;
    border-radius: 7px; }}
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled {{
    background: {border}; }}
QProgressBar {{ background: {hover}; border: none; border-radius: 3px; height: 6px;
    text-align: center; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}
QScrollArea {{ border: none; }}
QStatusBar {{ background: {window}; border-top: 1px solid {border}; }}
QGroupBox {{ border: none; margin-top: 20px; font-weight: 600; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 0; padding: 0 0 4px 0; }}
QToolButton[role="fold"], QToolButton[role="fold"]:checked {{ background: transparent;
    color: {text}; font-weight: 600; border: none; padding: 4px 4px 4px 0; }}
QToolButton[role="fold"]:hover {{ background: {hover}; }}
QToolButton[role="fold"]:focus {{ border-bottom: 1px solid {accent}; }}
QToolButton[role="warning"] {{ color: {on_accent}; background: {warning}; font-weight: 600;
    padding: 2px 8px; }}
QLabel[role="muted"] {{ color: {muted_text}; }}
QLabel[role="overlay"] {{ color: {muted_text}; background: transparent; font-size: 8pt; }}
QLabel[role="error"] {{ color: {error}; }}
QLabel[role="heading"] {{ font-size: 17pt; font-weight: 600; }}
QFrame[role="bar"] {{ background: {panel}; border: 1px solid {border}; border-radius: 6px; }}
QFrame[role="bar"][level="warning"] {{ border: 1px solid {warning}; }}
QFrame[role="bar"][level="error"] {{ border: 1px solid {error}; }}
QFrame[role="bar"][level="info"] {{ border: 1px solid {accent}; }}
"""


def style_sheet(theme: Theme) -> str:
    """The style sheet in the colours of ``theme``."""
    names = (
        "window", "panel", "field", "border", "hover", "text", "muted_text", "accent",
        "on_accent", "error", "warning",
    )  # fmt: skip
    colors = {name: getattr(theme, name) for name in names}
    return _TEMPLATE.format(**colors, tick=_tick(theme))


def _tick(theme: Theme) -> str:
    """The mark of a checked box; style sheets take pictures from files only."""
    path = resource_path(f"icons/tick-{theme.name}.svg")
    return "" if path is None else f'image: url("{path.as_posix()}");'
