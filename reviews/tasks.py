"""What the worker has to know of: modules with sweeps that no model imports."""

from reviews import cards  # noqa: F401
from reviews.search import index  # noqa: F401
