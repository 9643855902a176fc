"""Charts as ECharts takes them, in the colours of the reader's light. In: names and numbers. Out: options, plain JSON. Pure.

Colour never tells alone: areas that are told apart by it have a pattern too (ECharts' decals), and every number stands in a table beside.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

Colours = Mapping[str, str]
Options = dict[str, Any]

_FONT: Final = "Roboto, system-ui, sans-serif"


def heat_map(
    colours: Colours,
    columns: Sequence[str],
    rows: Sequence[str],
    cells: Sequence[tuple[int, int, float]],
    words: str,
) -> Options:
    """Rows from above; a cell is (column, row, value)."""
    most = max((value for _, _, value in cells), default=1.0)
    return {
        **_base(colours, words),
        "grid": {"left": 4, "right": 8, "top": 8, "bottom": 46, "containLabel": True},
        "xAxis": {**_names(colours, columns), "splitArea": {"show": False}},
        "yAxis": {**_names(colours, rows), "inverse": True},
        "visualMap": {
            "min": 0,
            "max": most,
            "calculable": False,
            "text": [f"{most:g}", "0"],
            "orient": "horizontal",
            "left": "center",
            "bottom": 0,
            "itemHeight": 110,
            "itemWidth": 12,
            "inRange": {"color": [colours["sunk"], colours["accent"]]},
            "textStyle": _text(colours),
        },
        "series": [
            {
                "type": "heatmap",
                "data": [list(cell) for cell in cells],
                "itemStyle": {"borderColor": colours["sheet"], "borderWidth": 2, "borderRadius": 3},
                "emphasis": {"itemStyle": {"borderColor": colours["ink"]}},
            }
        ],
        "tooltip": _tip(colours, "item"),
    }


def bars(
    colours: Colours,
    columns: Sequence[str],
    series: Sequence[tuple[str, Sequence[float | None]]],
    words: str,
    *,
    line: tuple[str, Sequence[float | None]] | None = None,
    stacked: bool = True,
) -> Options:
    """Bars of one or more kinds on each other (or beside), and a line over them: what was before."""
    drawn: list[Options] = [
        {
            "type": "bar",
            "name": name,
            "data": list(data),
            **({"stack": "all"} if stacked else {}),
            "barMaxWidth": 34,
            "itemStyle": {"color": colour, "borderRadius": 3},
        }
        for (name, data), colour in zip(series, _turns(colours), strict=False)
    ]
    if line is not None:
        drawn.append(
            {
                "type": "line",
                "name": line[0],
                "data": list(line[1]),
                "symbolSize": 5,
                "lineStyle": {"color": colours["ink-soft"], "type": "dashed", "width": 2},
                "itemStyle": {"color": colours["ink-soft"]},
            }
        )
    several = len(drawn) > 1
    return {
        **_base(colours, words),
        "aria": {"enabled": True, "label": {"description": words}, "decal": {"show": len(series) > 1}},
        "grid": {"left": 4, "right": 12, "top": 34 if several else 12, "bottom": 4, "containLabel": True},
        "legend": {"show": several, "top": 0, "left": 0, "textStyle": _text(colours), "itemHeight": 12},
        "xAxis": _names(colours, columns),
        "yAxis": _values(colours),
        "series": drawn,
        "tooltip": _tip(colours, "axis"),
    }


def ladder(colours: Colours, names: Sequence[str], values: Sequence[float], words: str) -> Options:
    """Bars that lie under each other, the first above, each with its number."""
    return {
        **_base(colours, words),
        "grid": {"left": 4, "right": 56, "top": 4, "bottom": 4, "containLabel": True},
        "xAxis": {**_values(colours), "axisLabel": {"show": False}, "splitLine": {"show": False}},
        "yAxis": {**_names(colours, names), "inverse": True},
        "series": [
            {
                "type": "bar",
                "data": list(values),
                "barMaxWidth": 26,
                "itemStyle": {"color": colours["brand"], "borderRadius": 3},
                "label": {
                    "show": True,
                    "position": "right",
                    "color": colours["ink"],
                    "fontFamily": _FONT,
                    "fontSize": 13,
                },
            }
        ],
        "tooltip": _tip(colours, "item"),
    }


def streams(
    colours: Colours,
    ways: Sequence[tuple[str, str, int]],
    words: str,
) -> Options:
    """Ways from the zones on the left to those on the right: who goes there and back is on both sides."""
    # ECharts refuses circles: a zone that is left and entered stands on either side, told apart by an unseen mark.
    left = {way[0]: f"{way[0]}\u200b" for way in ways}
    names = [*left.values(), *dict.fromkeys(way[1] for way in ways)]
    return {
        **_base(colours, words),
        "series": [
            {
                "type": "sankey",
                "left": 4,
                "right": 4,
                "top": 8,
                "bottom": 8,
                "nodeWidth": 14,
                "nodeGap": 12,
                "draggable": False,
                "data": [
                    {
                        "name": name,
                        "itemStyle": {
                            "color": colours["brand" if index < len(left) else "accent"],
                            "borderWidth": 0,
                        },
                        "label": {"position": "right" if index < len(left) else "left"},
                    }
                    for index, name in enumerate(names)
                ],
                "links": [{"source": left[a], "target": b, "value": went} for a, b, went in ways],
                "lineStyle": {"color": colours["ink-soft"], "opacity": 0.22, "curveness": 0.5},
                "label": {
                    "color": colours["ink"],
                    "fontFamily": _FONT,
                    "fontSize": 13,
                    "textBorderColor": colours["sheet"],
                    "textBorderWidth": 3,
                },
            }
        ],
        "tooltip": _tip(colours, "item"),
    }


def interval(low: float, middle: float, high: float, most: float, words: str) -> str:
    """An interval on a line from -most to most of 100, as SVG: a bar between its bounds, a dot at its middle, a mark at none."""

    def x(value: float) -> float:
        return round(150 + 140 * max(-1.0, min(1.0, value / most)), 1)

    return (
        f'<svg class="interval" viewBox="0 0 300 34" role="img" aria-label="{words}" preserveAspectRatio="xMinYMid">'
        '<line x1="10" x2="290" y1="17" y2="17" class="rail"/><line x1="150" x2="150" y1="4" y2="30" class="none"/>'
        f'<rect x="{x(low)}" y="11" width="{max(2.0, round(x(high) - x(low), 1))}" height="12" rx="6" '
        f'class="{"apart" if low > 0 or high < 0 else "unsure"}"/>'
        f'<circle cx="{x(middle)}" cy="17" r="4.5" class="middle"/></svg>'
    )


def _turns(colours: Colours) -> list[str]:
    return [colours[name] for name in ("brand", "accent", "line", "good", "warn")]


def _base(colours: Colours, words: str) -> Options:
    return {
        "backgroundColor": "transparent",
        "textStyle": {"fontFamily": _FONT},
        "aria": {"enabled": True, "label": {"description": words}},
        "animationDuration": 300,
        "color": _turns(colours),
    }


def _text(colours: Colours) -> Options:
    return {"color": colours["ink-soft"], "fontFamily": _FONT, "fontSize": 12}


def _names(colours: Colours, names: Sequence[str]) -> Options:
    return {
        "type": "category",
        "data": list(names),
        "axisLabel": {**_text(colours), "hideOverlap": True},
        "axisTick": {"show": False},
        "axisLine": {"lineStyle": {"color": colours["line"]}},
    }


def _values(colours: Colours) -> Options:
    return {
        "type": "value",
        "minInterval": 1,
        "axisLabel": _text(colours),
        "splitLine": {"lineStyle": {"color": colours["line"]}},
    }


def _tip(colours: Colours, trigger: str) -> Options:
    return {
        "trigger": trigger,
        "confine": True,
        "renderMode": "richText",  # names come from outside: they are no HTML
        "backgroundColor": colours["sheet"],
        "borderColor": colours["line"],
        "textStyle": {**_text(colours), "color": colours["ink"]},
    }
