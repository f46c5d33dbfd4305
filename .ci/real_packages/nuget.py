"""NuGet's packages, built here."""

import xml.etree.ElementTree as ET, zipfile

from comparison import manifests, same


def compare(folder):
    spaces = ["", *(f' xmlns="http://schemas.microsoft.com/packaging/{year}/nuspec.xsd"'
                    for year in ("2010/07", "2012/06", "2013/05"))]
    versions = {"1.0": "1.0.0", "1.2.0.0": "1.2.0", "5.0.0+hash": "5.0.0", "1.2.3.4": "1.2.3.4", "1.0.0-Beta.1": "1.0.0-beta.1"}
    for number in range(10):
        version, normalized = list(versions.items())[number % 5]
        nuspec = (f'<?xml version="1.0" encoding="utf-8"?><package{spaces[number % 4]}><metadata><id>Foo.Bar{number}</id>'
                  f'<version>{version}</version><authors>A &amp; Ü</authors><description>\r\n d \r\n</description>'
                  f'<dependencies><dependency id="D" version="[1,2)"/></dependencies></metadata></package>')
        file = f"{folder}/{number}.nupkg"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr(f"Foo.Bar{number}.nuspec", ("\ufeff" if number % 2 else "") + nuspec)
            out.writestr("lib/x.dll", b"x" * 1000)
        for file, manifest in manifests("nuget", [file]):
            same("nuget", file, "name", manifest["name"], f"Foo.Bar{number}")
            same("nuget", file, "normalised version", manifest["normalized_version"], normalized)
            for element in ET.fromstring(nuspec.encode()).iter():
                tag = element.tag.rsplit("}")[-1]
                if tag in ("id", "version", "authors", "description"):
                    same("nuget", file, tag, manifest["metadata"]["fields"][tag], element.text.strip())
            groups = manifest["metadata"]["dependency_groups"]
            same("nuget", file, "dependencies", [(d["id"], d["range"]) for g in groups for d in g["dependencies"]], [("D", "[1,2)")])
