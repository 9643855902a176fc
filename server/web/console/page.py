"""What a page of the console is: the contract of the files in pages/."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from server.web.console.desk import Desk

#: Everybody on the staff.
ANY: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Page:
    """A page: where it is, what it is called (marked by `later`), what draws it, for which roles (none named: any).

    `menu` is its place in the menu and `icon` its picture there (a Material icon's name); without one it is reached from others.
    """

    path: str
    title: str
    show: Callable[[Desk], Awaitable[None]]
    roles: frozenset[str] = ANY
    menu: int | None = None
    icon: str = ""

    def is_for(self, role: str) -> bool:
        return not self.roles or role in self.roles
