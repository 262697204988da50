"""What has changed since a fit was made, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aphyn_gui.wording import enumerated


def outdated_sentences(changes: Iterable[tuple[str, Sequence[str]]]) -> tuple[str, ...]:
    """One sentence for all regions in which the same has changed since they were fitted.

    Parameters
    ----------
    changes : iterable of (str, sequence of str)
        The name of each region, and what `Study.changes_since_fit` says of it.
    """
    names: dict[str, list[str]] = {}
    for name, words in changes:
        if words:
            names.setdefault(enumerated(words), []).append(name)
    return tuple(
        f"{enumerated(some)}: {words} changed since the fit." for words, some in names.items()
    )
