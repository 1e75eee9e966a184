"""Checks that the dashboard and the alert rules ask only for metrics and labels that `/metrics` has.

    check_metrics.py METRICS…      what nodes answered, one file each
"""

import json
import pathlib
import re
import sys

import yaml

DEPLOY = pathlib.Path(__file__).parents[1]
# What Prometheus itself and its blackbox exporter write.
THEIR_OWN = {"up", "probe_success"}


def known(files):
    """The samples' names, by the types that the nodes declare."""
    names = set()
    for file in files:
        for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", pathlib.Path(file).read_text(), re.M):
            names |= {name + end for end in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
        names |= set(re.findall(r"^([a-z]\w*?)(?:\{| )", pathlib.Path(file).read_text(), re.M))
    return names


def asked(expression):
    """The names that an expression asks for: words before a selector, that are no function and no label."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\{[^}]*\}", "", bare)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", bare)
    bare = re.sub(r"\[[^\]]*\]", "", bare)
    words = re.findall(r"[a-zA-Z_:][\w:]*(?!\s*\()\b", bare)
    return {word for word in words if not re.search(rf"\b{word}\s*\(", bare)} - {"and", "or", "unless", "bool", "offset", "by"}


def expressions_of_dashboard():
    dashboard = json.loads((DEPLOY / "grafana/milepost.json").read_text())
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert len(panels) > 10 and len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    for panel in panels:
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
        for target in panel["targets"]:
            yield f"the panel «{panel['title']}»", target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], re.fullmatch(r"label_values\((\w+), *\w+\)", variable["query"]["query"]).group(1)


def expressions_of_rules():
    rules = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


names = known(sys.argv[1:]) | THEIR_OWN
assert "milepost_commit_seconds_bucket" in names and "milepost_wal_bytes" in names and "process_open_fds" in names, names
count = 0
for where, expression in [*expressions_of_dashboard(), *expressions_of_rules()]:
    wanted = asked(expression.replace("$__rate_interval", "5m").replace("$node", "x"))
    assert wanted, f"{where} asks for nothing: {expression}"
    assert wanted <= names, f"{where} asks for {wanted - names}, which no node has"
    count += 1
assert asked('sum by (code) (rate(nobody_has_this_total{code="1"}[5m])) > 0') == {"nobody_has_this_total"}
print(f"  {count} expressions ask only for what nodes have")
