"""Container images out of this machine's own files, as archives for `ctr images import`:

    images.py FOLDER      writes pause.tar (registry.k8s.io/pause:3.10) and box.tar, box2.tar (docker.io/library/box:1 and :2)

`box` holds BusyBox and Node.js: enough to serve, call, log, eat memory and crash. Its two tags have the same content, so that a
rollout from one to the other changes nothing but the tag.
"""

import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

# Pid 1 of every pod sandbox: it holds the namespaces, reaps orphans, and ends on request.
PAUSE = r"""
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void end(int signal) { _exit(0); }
static void reap(int signal) { while (waitpid(-1, NULL, WNOHANG) > 0); }

int main(void) {
  signal(SIGINT, end);
  signal(SIGTERM, end);
  signal(SIGCHLD, reap);
  for (;;) pause();
}
"""

APPLETS = """
    cat chmod cp cut date dd echo env expr false find grep awk head httpd id kill ln ls mkdir nc nslookup printf ps rm sed seq sh sleep
    sort tail test timeout touch tr true uniq usleep wc wget xargs yes
""".split()


def layer(files, links):
    """A tar of {path: content} and {path: target}, with the folders that they need, as bytes."""
    folders = sorted({str(folder) for path in [*files, *links] for folder in Path(path).parents} - {"."})
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in [*folders, "tmp"]:
            info = tarfile.TarInfo(folder)
            info.type = tarfile.DIRTYPE
            info.mode = 0o1777 if folder == "tmp" else 0o755
            tar.addfile(info)
        for path, content in sorted(files.items()):
            info = tarfile.TarInfo(path)
            info.mode, info.size = 0o755, len(content)
            tar.addfile(info, io.BytesIO(content))
        for path, target in sorted(links.items()):
            info = tarfile.TarInfo(path)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return buffer.getvalue()


def write_image(archive, name, content, entrypoint):
    """The docker-archive form: a manifest, a configuration named by its digest, one layer."""
    config = json.dumps(
        {
            "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine()),
            "os": "linux",
            "config": {"Entrypoint": entrypoint, "Env": ["PATH=/bin"]},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(content).hexdigest()]},
            "history": [{"created_by": "images.py"}],
        }
    ).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
    part = archive.with_suffix(".part")
    with tarfile.open(part, "w") as tar:
        for member, data in ((config_name, config), ("layer.tar", content), ("manifest.json", manifest)):
            info = tarfile.TarInfo(member)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    part.rename(archive)


def with_libraries(program, path):
    """{path in the image: content} of a program and of the shared libraries that it is linked with."""
    listed = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    libraries = re.findall(r"(/\S+) \(0x", listed)
    places = {path: program, **{library.lstrip("/"): library for library in libraries}}
    return {target: Path(os.path.realpath(source)).read_bytes() for target, source in places.items()}


def pause(work):
    (work / "pause.c").write_text(PAUSE)
    subprocess.run(["gcc", "-static", "-O2", "-o", "pause", "pause.c"], cwd=work, check=True)
    return layer({"pause": (work / "pause").read_bytes()}, {})


def box(work):
    # Debian's dynamic build: the static one cannot resolve names through glibc.
    subprocess.run(["apt-get", "-o", "APT::Sandbox::User=root", "download", "-qq", "busybox"], cwd=work, check=True)
    package = next(work.glob("busybox_*.deb"))
    subprocess.run(["dpkg", "-x", package, work / "busybox"], check=True)
    program = next(path for path in (work / "busybox").rglob("bin/busybox"))
    files = with_libraries(program, "bin/busybox") | with_libraries(shutil.which("node"), "bin/node")
    return layer(files, {f"bin/{applet}": "busybox" for applet in APPLETS})


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        write_image(folder / "pause.tar", "registry.k8s.io/pause:3.10", pause(Path(work)), ["/pause"])
    with tempfile.TemporaryDirectory() as work:
        content = box(Path(work))
    # box.tar last: who finds it finds all of them.
    for tag, name in (("2", "box2.tar"), ("1", "box.tar")):
        write_image(folder / name, f"docker.io/library/box:{tag}", content, ["/bin/sh"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
