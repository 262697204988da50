"""Colours and fonts of the window, light and dark, as one value that everything reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from aphyn_gui.gui.style_sheet import style_sheet


class ThemeMode(StrEnum):
    """What the user chose in the View menu."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Theme:
    """Every colour of the window, "#RRGGBB".

    Parameters
    ----------
    name : str
        "light" or "dark".
    window, panel, field, border, hover : str
        Surfaces, from the back to the front, their outlines, and what lies under the mouse.
    text, muted_text : str
        Words, and words of less weight.
    accent, on_accent : str
        The one colour of selection and default action, and words on it.
    error, warning, success : str
        Colours of messages.
    plot_background, plot_axis, plot_grid : str
        Surfaces and lines of plots.
    ground_truth, prediction, physics, network : str
        Roles of curves: measured, predicted, F_p and F_dl; told apart with the three common
        colour deficiencies.
    """

    name: str
    window: str
    panel: str
    field: str
    border: str
    hover: str
    text: str
    muted_text: str
    accent: str
    on_accent: str
    error: str
    warning: str
    success: str
    plot_background: str
    plot_axis: str
    plot_grid: str
    ground_truth: str
    prediction: str
    physics: str
    network: str

    @property
    def is_dark(self) -> bool:
        """Whether words are lighter than what they stand on."""
        return self.name == "dark"

    def palette(self) -> QPalette:
        """The colours as Qt's own widgets know them."""
        palette = QPalette()
        role = QPalette.ColorRole
        for target, color in (
            (role.Window, self.window),
            (role.WindowText, self.text),
            (role.Base, self.field),
            (role.AlternateBase, self.panel),
            (role.Text, self.text),
            (role.Button, self.panel),
            (role.ButtonText, self.text),
            (role.BrightText, self.error),
            (role.ToolTipBase, self.panel),
            (role.ToolTipText, self.text),
            (role.PlaceholderText, self.muted_text),
            (role.Highlight, self.accent),
            (role.HighlightedText, self.on_accent),
            (role.Link, self.accent),
            (role.LinkVisited, self.accent),
            (role.Light, self.field),
            (role.Midlight, self.hover),
            (role.Mid, self.border),
            (role.Dark, self.border),
            (role.Accent, self.accent),
        ):
            palette.setColor(target, QColor(color))
        for target in (role.WindowText, role.Text, role.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(self.muted_text))
        palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(self.border))
        return palette


LIGHT = Theme(
    name="light",
    window="#F3F4F6",
    panel="#FFFFFF",
    field="#FFFFFF",
    border="#D0D4DA",
    hover="#E8ECF1",
    text="#1A1D21",
    muted_text="#5C6470",
    accent="#2563A8",
    on_accent="#FFFFFF",
    error="#B3261E",
    warning="#8A5A00",
    success="#1E7A46",
    plot_background="#FFFFFF",
    plot_axis="#4A515B",
    plot_grid="#E2E5EA",
    ground_truth="#1A1A1A",
    prediction="#D55E00",
    physics="#0072B2",
    network="#009E73",
)

DARK = Theme(
    name="dark",
    window="#1B1D21",
    panel="#24272C",
    field="#1F2226",
    border="#3A3F47",
    hover="#31363D",
    text="#E8EAED",
    muted_text="#9AA3AF",
    accent="#6AA9E9",
    on_accent="#0F1216",
    error="#FF8A80",
    warning="#F2C14E",
    success="#6FCF97",
    plot_background="#1B1D21",
    plot_axis="#B4BCC7",
    plot_grid="#32373E",
    ground_truth="#F2F2F2",
    prediction="#E69F00",
    physics="#56B4E9",
    network="#009E73",
)


def monospace_font(point_size: int = 9) -> QFont:
    """The system's font of fixed width, for logs and numbers in columns."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSize(point_size)
    return font


class ThemeManager(QObject):
    """Applies the theme to the application and says when it changes.

    Signals
    -------
    changed(Theme)
        After palette and style sheet were replaced.
    """

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mode = ThemeMode.SYSTEM
        self._theme = LIGHT
        self._applied: Theme | None = None
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    @property
    def theme(self) -> Theme:
        """The theme in force."""
        return self._theme

    @property
    def mode(self) -> ThemeMode:
        """What the user chose."""
        return self._mode

    def set_mode(self, mode: ThemeMode) -> None:
        """Choose light, dark, or what the system says, and apply it."""
        self._mode = mode
        application = QApplication.instance()
        if not isinstance(application, QApplication):
            return
        if mode is ThemeMode.SYSTEM:
            scheme = QGuiApplication.styleHints().colorScheme()
            self._theme = DARK if scheme is Qt.ColorScheme.Dark else LIGHT
        else:
            self._theme = DARK if mode is ThemeMode.DARK else LIGHT
        if self._theme is self._applied:
            # Polishing every widget anew takes a third of a second.
            return
        self._applied = self._theme
        # Fusion looks the same everywhere and takes every colour from the palette.
        application.setStyle("Fusion")
        application.setPalette(self._theme.palette())
        application.setStyleSheet(style_sheet(self._theme))
        self.changed.emit(self._theme)

    def _follow_system(self) -> None:
        if self._mode is ThemeMode.SYSTEM:
            self.set_mode(ThemeMode.SYSTEM)


_managers: list[ThemeManager] = []


def theme_manager() -> ThemeManager:
    """The application's one theme manager; needs a QApplication."""
    if not _managers:
        # Owned by the application, so that it is destroyed with it and not after it.
        _managers.append(ThemeManager(QApplication.instance()))
    return _managers[0]


def current_theme() -> Theme:
    """The theme in force."""
    return theme_manager().theme
