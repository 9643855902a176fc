"""The beacon formats that this scanner understands: one file each, found by this folder.

A format is a module with a docstring that names its source, and two functions:

    decode(advertisement: Advertisement) -> Value | None     None for whatever is not this format, whole and sound
    encode(value: Value) -> Advertisement                    such that decode(encode(value)) == value

`Value` is a frozen dataclass (or a union of them) derived from `Beacon`, its fields annotated with their bounds, so
that tests can draw any of them. A file that breaks the contract stops the start with `BrokenFormat`, not the first shopper.
"""

import importlib
import pkgutil
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scanner.advertisement import Advertisement
from scanner.beacon import Beacon


class BrokenFormat(TypeError):
    """A file in this folder does not keep the contract."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format: its file's name, its two functions, and the type of its values."""

    name: str
    decode: Callable[[Advertisement], Beacon | None]
    encode: Callable[[Any], Advertisement]
    value_type: Any


def read_format(module: types.ModuleType) -> Format:
    """The format that a module defines. Raises BrokenFormat with the module's name and what is wrong in it."""
    name = module.__name__.rpartition(".")[2]
    if not module.__doc__:
        raise BrokenFormat(f"{name}: no docstring that names the format and its source")
    decode, encode = getattr(module, "decode", None), getattr(module, "encode", None)
    if not callable(decode) or not callable(encode):
        raise BrokenFormat(f"{name}: needs both decode(advertisement) and encode(value)")
    takes = {key: hint for key, hint in typing.get_type_hints(encode).items() if key != "return"}
    if len(takes) != 1:
        raise BrokenFormat(f"{name}: encode takes one value and says its type")
    (value_type,) = takes.values()
    if typing.get_type_hints(decode).get("return") != (value_type | None):
        raise BrokenFormat(f"{name}: decode returns what encode takes, or None")
    for value in typing.get_args(value_type) or (value_type,):
        _check_value(name, value)
    return Format(name, decode, encode, value_type)


def _check_value(name: str, value: Any) -> None:
    parameters = getattr(value, "__dataclass_params__", None)
    if parameters is None or not parameters.frozen:
        raise BrokenFormat(f"{name}: {value} is not a frozen dataclass")
    if not issubclass(value, Beacon):
        raise BrokenFormat(f"{name}: {value.__name__} is not a Beacon")


def _found() -> tuple[Format, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(read_format(importlib.import_module(f"{__name__}.{name}")) for name in names)


FORMATS: tuple[Format, ...] = _found()


def decode_all(advertisement: Advertisement) -> list[Beacon]:
    """Everything that this advertisement says in a format we know: mostly nothing, rarely more than one frame."""
    if not advertisement.manufacturer_data and not advertisement.service_data:
        return []
    return [value for each in FORMATS if (value := each.decode(advertisement)) is not None]
