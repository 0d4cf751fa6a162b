"""The site file: YAML in, a validated `SiteModel` or every problem with its place and its remedy out."""

from namespace.isa95.site_file.document import SiteFileError, SiteProblem
from namespace.isa95.site_file.loader import load_site

__all__ = ["SiteFileError", "SiteProblem", "load_site"]
