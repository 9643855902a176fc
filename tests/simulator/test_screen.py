"""Whoever watches a story sees where it is, how far it is, and how to look at it in the console."""

from rich.console import Console

from simulator.clock import StoryClock
from simulator.house import LogIn
from simulator.live import Play
from simulator.screen import Screen
from simulator.stage import DEMO
from simulator.town import raise_town
from simulator.world import read_world


def test_the_screen_says_how_to_come_in():
    console = Console(record=True, width=160, file=None, quiet=False)
    play = Play(raise_town(read_world(DEMO), 1, 20.0), StoryClock.starting(), "http://127.0.0.1:8080")
    play.staff = LogIn("http://127.0.0.1:8080/", "owner@demo.example", "secret-of-this-run")
    console.print(Screen(console)._look(play))
    seen = console.export_text()
    assert "http://127.0.0.1:8080/" in seen
    assert "owner@demo.example, password secret-of-this-run" in seen
    assert "of 20 s" in seen
