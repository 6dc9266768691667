"""NASLib: its optimizers, predictors and evaluators on spaces and benchmarks of this package.

NASLib is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nni_nlp_bench.frameworks.naslib.dataset_api import DatasetApi, dataset_api
from nni_nlp_bench.frameworks.naslib.suite import run_suite

if TYPE_CHECKING:
    from nni_nlp_bench.frameworks.naslib.graph import SpaceGraph

__all__ = ["DatasetApi", "dataset_api", "naslib_space", "run_suite"]


def naslib_space(name: str) -> SpaceGraph:
    """Return a search space as a NASLib search space, for `adapt_search_space`.

    Args:
        name: Name of the search space.

    Raises:
        UnknownNameError: there is no such search space.
        NaslibError: NASLib cannot be imported.
    """
    from search_spaces.registry import get_space

    space = get_space(name)
    try:
        from nni_nlp_bench.frameworks.naslib.graph import SpaceGraph
    except ImportError as error:
        from nni_nlp_bench.frameworks.naslib.locate import NaslibError

        raise NaslibError(
            f"NASLib cannot be imported ({error}): call "
            "nni_nlp_bench.frameworks.naslib.compat.prepare() first"
        ) from None
    return SpaceGraph(space)
