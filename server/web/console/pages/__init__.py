"""One file a page. A file names its pages in `PAGES`; a file that breaks the contract stops the start, not the first reader.

In: nothing. Out: all pages, in the order of the menu. To add one: write a file here and its words in languages/it/.
"""

import importlib
import pkgutil

from server.web.console.page import Page


def found() -> tuple[Page, ...]:
    """All pages of the folder. Raises TypeError for a file without `PAGES`."""
    pages: list[Page] = []
    for module in pkgutil.iter_modules(__path__):
        own = getattr(importlib.import_module(f"{__name__}.{module.name}"), "PAGES", None)
        if not isinstance(own, tuple) or not all(isinstance(each, Page) for each in own):
            raise TypeError(f"pages/{module.name}.py must name its pages in PAGES, a tuple of Page")
        pages += own
    return tuple(sorted(pages, key=lambda page: (page.menu is None, page.menu or 0, page.path)))
