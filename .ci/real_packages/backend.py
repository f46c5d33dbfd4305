"""A build backend that builds nothing.

To download a source distribution pip asks what builds it for its name and version, and would run the
code of strangers for that. This answers from the PKG-INFO that the archive has already.
"""

import email.parser, os, shutil, sys

# The backends that source distributions name, `setuptools` where they name none.
NAMES = ["setuptools.build_meta", "hatchling.build", "flit_core.buildapi", "flit.buildapi", "poetry.core.masonry.api",
         "poetry.masonry.api", "pdm.backend", "maturin"]
__legacy__ = sys.modules[__name__]


def install(folder):
    """Puts this file into `folder` under all those names; answers the environment in which pip finds them."""
    for name in NAMES:
        *parents, module = name.split(".")
        place = os.path.join(folder, *parents)
        os.makedirs(place, exist_ok=True)
        # A folder without it would stand behind an installed package of that name.
        for depth in range(len(parents)):
            open(os.path.join(folder, *parents[:depth + 1], "__init__.py"), "a").close()
        shutil.copy(__file__, os.path.join(place, module + ".py"))
    return {**os.environ, "PYTHONPATH": folder}


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(directory, config_settings=None):
    with open("PKG-INFO", encoding="utf-8", errors="replace") as file:
        stated = email.parser.Parser().parse(file)
    place = f"{stated['Name'].replace('-', '_')}-{stated['Version']}.dist-info"
    os.makedirs(os.path.join(directory, place))
    with open(os.path.join(directory, place, "METADATA"), "w", encoding="utf-8") as file:
        file.write(f"Metadata-Version: 2.1\nName: {stated['Name']}\nVersion: {stated['Version']}\n")
    return place
