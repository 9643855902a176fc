"""What a page of the console is: the contract of the files in pages/."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from server.web.console.desk import Desk

#: All who work in the shop, but for cashiers: they are at the till.
ANY: Final[frozenset[str]] = frozenset()
#: What is about whoever reads it: their own account.
EVERYBODY: Final[frozenset[str]] = frozenset({"owner", "manager", "marketer", "analyst", "cashier"})


@dataclass(frozen=True, slots=True)
class Page:
    """A page: where it is, what it is called (marked by `later`), what draws it, for which roles (none named: any but cashiers).

    `menu` is its place in the menu and `icon` its picture there (a Material icon's name); without one it is reached from others.
    """

    path: str
    title: str
    show: Callable[[Desk], Awaitable[None]]
    roles: frozenset[str] = ANY
    menu: int | None = None
    icon: str = ""

    def is_for(self, role: str) -> bool:
        return role in self.roles if self.roles else role != "cashier"
