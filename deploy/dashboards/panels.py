"""The few parts that the dashboards are made of, as Grafana has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

WIDTH = 24
"""Columns of Grafana's grid."""
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
RED = "red"
GREEN = "green"


@dataclass(frozen=True, slots=True)
class Panel:
    """A graph of one or more queries. `queries`: legend and expression. `limit`: where it turns red, if anywhere; an
    alert has the same number. `stat`: the last value in large, instead of a graph."""

    title: str
    unit: str
    queries: Mapping[str, str]
    says: str = ""
    limit: float | None = None
    stat: bool = False
    decimals: int | None = None

    def as_grafana(self, number: int, place: Mapping[str, int]) -> dict[str, Any]:
        """As JSON, at a place of the grid."""
        steps: list[dict[str, Any]] = [{"color": GREEN, "value": None}]
        if self.limit is not None:
            steps.append({"color": RED, "value": self.limit})
        defaults: dict[str, Any] = {"unit": self.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}}
        if self.decimals is not None:
            defaults["decimals"] = self.decimals
        if not self.stat:
            style = "line+area" if self.limit is not None else "off"
            defaults["custom"] = {"fillOpacity": 8, "showPoints": "never", "thresholdsStyle": {"mode": style}}
        return {
            "id": number,
            "type": "stat" if self.stat else "timeseries",
            "title": self.title,
            "description": self.says,
            "datasource": SOURCE,
            "gridPos": dict(place),
            "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": _STAT if self.stat else _GRAPH,
            "targets": [
                {"refId": chr(ord("A") + index), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
                for index, (legend, expr) in enumerate(self.queries.items())
            ],
        }


_STAT: dict[str, Any] = {"colorMode": "value", "reduceOptions": {"calcs": ["lastNotNull"]}}
_GRAPH: dict[str, Any] = {
    "legend": {"displayMode": "list", "placement": "bottom"},
    "tooltip": {"mode": "multi", "sort": "desc"},
}


@dataclass(frozen=True, slots=True)
class Row:
    """Panels side by side, under a title."""

    title: str
    panels: Sequence[Panel]
    height: int = 7


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard. `variables`: what can be chosen, with the query that lists it."""

    uid: str
    title: str
    says: str
    rows: Sequence[Row]
    variables: Mapping[str, str] = field(default_factory=dict)
    since: str = "now-6h"

    def as_grafana(self) -> dict[str, Any]:
        """As the JSON that Grafana's sidecar takes from a ConfigMap."""
        panels: list[dict[str, Any]] = []
        top = 0
        for row in self.rows:
            panels.append(_row(len(panels) + 1, row.title, top))
            width = WIDTH // len(row.panels)
            for index, panel in enumerate(row.panels):
                place = {"x": index * width, "y": top + 1, "w": width, "h": row.height}
                panels.append(panel.as_grafana(len(panels) + 1, place))
            top += row.height + 1
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.says,
            "tags": ["perspektive-heimat"],
            "schemaVersion": 41,
            "editable": False,
            "timezone": "utc",
            "refresh": "30s",
            "time": {"from": self.since, "to": "now"},
            "links": [
                {"type": "dashboards", "title": "perspektive-heimat", "tags": ["perspektive-heimat"], "keepTime": True}
            ],
            "templating": {"list": [_DATASOURCE, *(_variable(*each) for each in self.variables.items())]},
            "panels": panels,
        }


_DATASOURCE: dict[str, Any] = {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}


def _variable(name: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": name,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
    }


def _row(number: int, title: str, top: int) -> dict[str, Any]:
    place = {"x": 0, "y": top, "w": WIDTH, "h": 1}
    return {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}
