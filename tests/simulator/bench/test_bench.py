"""Every benchmark of the folder keeps the contract: a caption and figures."""

from importlib import import_module
from pkgutil import iter_modules

import pytest

import simulator.bench

FILES = {
    each.name: import_module(f"simulator.bench.{each.name}")
    for each in iter_modules(simulator.bench.__path__)
}
BENCHMARKS = {name: file for name, file in FILES.items() if hasattr(file, "CAPTION")}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_says_in_a_sentence_what_it_measures_and_can_be_run(name):
    assert len(BENCHMARKS[name].CAPTION.split()) > 5
    assert callable(BENCHMARKS[name].run)


def test_the_two_of_the_main_job_are_there():
    assert {"ingest", "single"} <= set(BENCHMARKS)
