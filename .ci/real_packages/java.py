"""Maven: Debian's Maven repository, read by an XML parser."""

import glob, os, re, shutil, xml.etree.ElementTree as ET, zipfile

from comparison import all_downloaded, manifests, needs, run, same

JAVA_DEBS = """libcommons-lang3-java libcommons-io-java libcommons-codec-java libguava-java libjackson2-core-java
               libslf4j-java junit4 libhamcrest-java libgoogle-gson-java libasm-java libcommons-cli-java""".split()


def compare(folder):
    needs("apt-get", "dpkg-deb")
    all_downloaded("java", JAVA_DEBS, "apt-get", "download", cwd=folder)
    for deb in glob.glob(folder + "/*.deb"):
        run("dpkg-deb", "-x", deb, folder + "/root")
    poms = [file for file in glob.glob(folder + "/root/usr/share/maven-repo/**/*.pom", recursive=True)
            if "debian" not in os.path.basename(file)]
    for file, manifest in manifests("java", poms[:60]):
        pom_fields(file, manifest, open(file, "rb").read())
    jars = folder + "/jars"
    os.makedirs(jars)
    for jar in glob.glob(folder + "/root/usr/share/java/*.jar"):
        with zipfile.ZipFile(jar) as archive:
            names = [n for n in archive.namelist() if re.fullmatch(r"META-INF/maven/[^/]+/[^/]+/pom.xml", n)]
            properties = [n.replace("pom.xml", "pom.properties") for n in names]
            if len(names) != 1 or properties[0] not in archive.namelist():
                continue
            lines = archive.read(properties[0]).decode().splitlines()
            stated = dict(line.split("=", 1) for line in lines if "=" in line)
            target = f"{jars}/{stated['artifactId']}-{stated['version']}.jar"
            if not os.path.exists(target):
                shutil.copy(jar, target)
    for file, manifest in manifests("java", glob.glob(jars + "/*.jar")):
        with zipfile.ZipFile(file) as archive:
            names = [n for n in archive.namelist() if re.fullmatch(r"META-INF/maven/[^/]+/[^/]+/pom.xml", n)]
            pom_fields(file, manifest, archive.read(names[0]))


def pom_fields(file, manifest, pom):
    root = ET.fromstring(pom)
    space = root.tag[:root.tag.index("}") + 1] if root.tag.startswith("{") else ""
    def text(element, *path):
        found = element.find("/".join(space + part for part in path)) if element is not None else None
        return (found.text or "").strip() or None if found is not None else None
    facts = manifest["metadata"]
    group = text(root, "groupId") or text(root, "parent", "groupId")
    same("java", file, "name", manifest["name"], f"{group}:{text(root, 'artifactId')}")
    same("java", file, "version", manifest["version"], text(root, "version") or text(root, "parent", "version"))
    same("java", file, "packaging", facts["packaging"], text(root, "packaging") or "jar")
    for key in ("name", "description", "url"):
        same("java", file, key, facts[key], text(root, key))
    listed = [[text(d, key) for key in ("groupId", "artifactId", "version", "scope", "type", "classifier")]
              for d in root.findall(f"{space}dependencies/{space}dependency")]
    own = [[d[key] for key in ("group_id", "artifact_id", "version", "scope", "type", "classifier")]
           for d in facts["dependencies"]]
    same("java", file, "dependencies", own, listed)
