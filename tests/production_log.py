"""Where the recorded shop-floor log of January to March 2012 is, if it is here at all."""

import os
from pathlib import Path

_REPOSITORY = Path(__file__).parents[1]
_PLACES = (
    os.environ.get("UNS_PRODUCTION_LOG", ""),
    str(_REPOSITORY.parent / "shared/data/production-log/Production.csv"),
    str(_REPOSITORY.parents[1] / "shared/data/production-log/Production.csv"),
)

LOG = next((Path(place) for place in _PLACES if place and Path(place).is_file()), None)
MISSING = "the recorded log is not here; set UNS_PRODUCTION_LOG to the path of Production.csv"
