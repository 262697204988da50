"""What the style sheet draws itself."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox
from pytestqt.qtbot import QtBot

from aphyn_gui.gui.theme import DARK, LIGHT, ThemeMode, theme_manager


@pytest.mark.parametrize("mode", [ThemeMode.LIGHT, ThemeMode.DARK])
def test_a_checked_box_has_a_tick(qtbot: QtBot, mode: ThemeMode) -> None:
    theme_manager().set_mode(mode)
    theme = DARK if mode is ThemeMode.DARK else LIGHT
    box = QCheckBox("words")
    qtbot.addWidget(box)
    box.show()
    counts = []
    for is_checked in (False, True):
        box.setChecked(is_checked)
        image = box.grab().toImage()
        side = image.height()
        pixels = [image.pixelColor(x, y) for x in range(side) for y in range(side)]
        near = [pixel for pixel in pixels if distance(pixel, QColor(theme.on_accent)) < 60]
        accent = [pixel for pixel in pixels if distance(pixel, QColor(theme.accent)) < 30]
        counts.append((len(near), len(accent)))
    (_, accent_before), (tick, accent_after) = counts
    assert accent_before == 0
    assert accent_after > 60
    assert tick > 5
    theme_manager().set_mode(ThemeMode.LIGHT)


def distance(one: QColor, other: QColor) -> int:
    return sum(
        abs(a - b)
        for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)  # type: ignore[index]
    )
