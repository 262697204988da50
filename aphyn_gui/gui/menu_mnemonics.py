"""One letter for each entry of a menu, no letter twice, chosen when the menu opens."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu


def give_mnemonics(menu: QMenu) -> None:
    """Underline a letter of every entry of ``menu``, and of its submenus, whenever it opens.

    Entries come and go, and change their words: letters that were chosen by hand would collide.
    """
    menu.aboutToShow.connect(lambda: underline(menu))
    for action in menu.actions():
        submenu = action.menu()
        if isinstance(submenu, QMenu):
            give_mnemonics(submenu)


def underline(menu: QMenu) -> None:
    """Mark a letter of each entry that no entry above has: an initial if there is one left."""
    taken: set[str] = set()
    for action in menu.actions():
        if action.isSeparator():
            continue
        words = _plain(action.text())
        place = _place(words, taken)
        if place < 0:
            text = _escaped(words)
        else:
            taken.add(words[place].lower())
            text = f"{_escaped(words[:place])}&{_escaped(words[place:])}"
        if text != action.text():
            action.setText(text)


def _place(words: str, taken: set[str]) -> int:
    """Where the first free letter stands, initials first; -1 if none is free."""
    places = [i for i, letter in enumerate(words) if letter.isascii() and letter.isalnum()]
    initials = [i for i in places if i == 0 or not words[i - 1].isalnum()]
    free = (i for i in (*initials, *places) if words[i].lower() not in taken)
    return next(free, -1)


def _plain(text: str) -> str:
    """What is read: a pair of ampersands stands for one, a single one for nothing."""
    return "&".join(part.replace("&", "") for part in text.split("&&"))


def _escaped(words: str) -> str:
    return words.replace("&", "&&")
