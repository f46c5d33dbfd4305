"""Helm's charts, built here."""

import json

from archives import tgz
from comparison import digest, manifests, same


def compare(folder):
    for number in range(10):
        chart = {"apiVersion": "v2", "name": f"chart-{number}", "version": f"1.{number}.0-rc.{number}",
                 "description": "Ein: schönes # Diagramm", "keywords": ["a", "b"], "appVersion": "1.10",
                 "dependencies": [{"name": "db", "version": ">=1 <2", "repository": "https://e.org"}],
                 "annotations": {"x/y": "- a\n- b\n"}, "deprecated": number % 2 == 0}
        text = ("\ufeff" if number % 3 == 0 else "") + json.dumps(chart, ensure_ascii=number % 2 == 0, indent=2)
        tgz(f"{folder}/{number}.tgz", {f"c/charts/sub/Chart.yaml": b"name: sub", "c/Chart.yaml": text.encode(),
                                       "c/values.yaml": b""})
        for file, manifest in manifests("helm", [f"{folder}/{number}.tgz"]):
            for key, value in chart.items():
                same("helm", file, key, manifest["metadata"]["chart"].get(key), value)
            same("helm", file, "version of the manifest", manifest["version"], chart["version"])
            same("helm", file, "digest", manifest["metadata"]["digest"], digest("sha256", file))
