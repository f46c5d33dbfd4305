"""Terraform's modules, built here."""

from archives import tgz
from comparison import manifests, same


def compare(folder):
    for number in range(10):
        file = f"{folder}/terraform-aws-vpc-net-1.{number}.0.tgz"
        files = {f"m/main.tf": b"", "m/modules/a/main.tf": b""} | ({"m/README.md": b"#"} if number % 2 else {})
        tgz(file, files)
        for file, manifest in manifests("terraform", [file]):
            facts = manifest["metadata"]
            same("terraform", file, "provider and module", (facts["provider"], facts["module"]), ("aws", "vpc-net"))
            same("terraform", file, "version", manifest["version"], f"1.{number}.0")
            same("terraform", file, "README", facts["has_readme"], number % 2 == 1)
