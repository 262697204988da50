"""Whether a region's sequences look like one population, or like two thrown together.

Pixels of one tissue scatter about their mean, by noise and by small differences that vary
smoothly. Where a region straddles two tissues, the sequences fall into two groups along their main
direction of variation, with a gap between them. The mean of such a region describes neither.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_FEWEST_SEQUENCES = 8
_SMALLEST_GROUP = 0.15
"""Of the sequences: less is a few odd pixels, not a second population."""


@dataclass(frozen=True, slots=True)
class Population:
    """The best division of a region's sequences into two groups.

    Parameters
    ----------
    is_one : bool
        Whether the division is no better than one population would give by chance.
    between_share : float
        Part of the variance along the main direction that lies between the groups, 0 to 1. A
        normal distribution gives 0.64, two groups four of their standard deviations apart 0.8.
    threshold : float
        Above which the groups count as two populations.
    sizes : (int, int)
        Sequences in each group.
    """

    is_one: bool
    between_share: float
    threshold: float
    sizes: tuple[int, int]


ONE_POPULATION = Population(True, 0.0, 1.0, (0, 0))
"""What is assumed of too few sequences."""


def two_groups_threshold(count: int) -> float:
    """Share between the groups that one normal population exceeds in 2 of 1,000 regions.

    At least 0.8: groups four of their standard deviations apart. With few sequences chance alone
    divides better, which 0.64 + 0.95 / sqrt(count) follows (from 20,000 simulated regions each).
    """
    return max(0.8, 0.64 + 0.95 / float(np.sqrt(count)))


def examine_population(sequences: Array) -> Population:
    """Divide a region's sequences in two along their main direction of variation.

    Parameters
    ----------
    sequences : ndarray, shape (sequences, samples)
        All of the region, aligned and normalised.
    """
    count = len(sequences)
    if count < _FEWEST_SEQUENCES:
        return ONE_POPULATION
    scores = main_scores(sequences)
    share, size = best_division(np.sort(scores), max(2, round(_SMALLEST_GROUP * count)))
    threshold = two_groups_threshold(count)
    return Population(share <= threshold, share, threshold, (size, count - size))


def main_scores(sequences: Array) -> Array:
    """Coordinate of each sequence along the first principal component, shape (sequences,)."""
    centred = sequences - sequences.mean(axis=0)
    if len(centred) > centred.shape[1]:
        _, directions = np.linalg.eigh(centred.T @ centred)
        scores: Array = centred @ directions[:, -1]
        return scores
    values, vectors = np.linalg.eigh(centred @ centred.T)
    return np.asarray(vectors[:, -1] * np.sqrt(max(float(values[-1]), 0.0)))


def best_division(ordered: Array, smallest: int) -> tuple[float, int]:
    """Best division of ordered numbers into a lower and an upper group.

    Parameters
    ----------
    ordered : ndarray, shape (count,)
        Ascending.
    smallest : int
        Fewest members of a group.

    Returns
    -------
    share : float
        Of the variance, between the groups.
    size : int
        Of the lower group.
    """
    count = len(ordered)
    deviations = ordered - ordered.mean()
    total = float(deviations @ deviations)
    if total <= 0:
        return 0.0, count
    sizes = np.arange(smallest, count - smallest + 1)
    sums = np.cumsum(deviations)[sizes - 1]
    between = sums**2 * count / (sizes * (count - sizes))
    best = int(np.argmax(between))
    return float(between[best]) / total, int(sizes[best])
