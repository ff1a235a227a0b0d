"""`govgen publish --target`: settings, keys, servers and mirrors, from a county's repository to a server's folder."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from govgen.release.store import Store
from tests.sshd import Sshd, allow_signer, free_port, make_key, receive_command
from tests.world import MZJ, QINGSHUI, World

NEWS = "content/mzj/news/2026-01-01-news.md"
PAGE = f"{MZJ}/news/2026-01-01-news.html"


def news(title: str) -> str:
    """Return a document."""
    return f"---\ntitle: {title}\n---\n正文。\n"


def shown(root: Path, page: str = PAGE) -> str:
    """Return the title citizens read on a page of a server."""
    text = (root / "current/sites" / page).read_text(encoding="utf-8")
    return text.partition("<h1>")[2].partition("</h1>")[0]


class Servers:
    """A county's repository, an sshd, and server folders that its keys reach."""

    def __init__(self, county: World, sshd: Sshd, folder: Path) -> None:
        self.county = county
        self.sshd = sshd
        self.folder = folder
        self.key = make_key(folder / "release_key")

    def add(self, name: str, port: int = 0) -> str:
        """Have a server's folder and a key for it; return what `targets.toml` says of it."""
        root = self.folder / name
        allow_signer(root, self.key)
        shutil.copy(root / "allowed_signers", self.county.root)
        deploy = self.sshd.allow(f"{self.folder.name}-{name}", receive_command(root))
        return (
            f'address = "{self.sshd.address}"\nport = {port or self.sshd.port}\n'
            f'identity = "{deploy}"\nknown_hosts = "{self.sshd.known_hosts}"\n'
        )

    def target(self, name: str, more: str = "") -> str:
        """Return the settings of one server as a target."""
        return f'[targets.{name}]\nkind = "ssh"\nkey = "{self.key}"\n{self.add(name)}{more}\n'

    def configure(self, text: str) -> None:
        """Write `targets.toml`."""
        self.county.write("targets.toml", text)

    def publish(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Publish to the target named `a`, at the real time: servers compare it with theirs."""
        return self.county.run("publish", "--target", "a", *arguments)


@pytest.fixture
def servers(world: Callable[..., World], sshd: Sshd, tmp_path: Path) -> Servers:
    """Return a county with one document, and an sshd."""
    county = world()
    county.write(NEWS, news("第一版"))
    return Servers(county, sshd, tmp_path)


def test_a_county_is_published_to_a_server(servers: Servers) -> None:
    servers.configure(servers.target("a"))
    servers.county.commit()
    root = servers.folder / "a"
    answer = servers.publish()
    assert answer.returncode == 0, answer.stderr
    assert "到 a" in answer.stdout
    assert shown(root) == "第一版"
    assert not (servers.county.root / "public").exists()
    assert not list((servers.county.root / ".govgen/releases").glob("*"))
    assert "内容没有变化" in servers.publish().stdout
    servers.county.write(NEWS, news("第二版"))
    report = json.loads(servers.publish("--json").stdout)
    assert (report["published"], report["lagging"]) == (True, [])
    assert shown(root) == "第二版"
    assert Store(root).find_live_id() == report["release"]
    # What was sent is remembered, so that the objects of the next release are at hand.
    assert len(list((servers.county.root / ".govgen/sent/a").iterdir())) == 2


def test_one_site_is_published_from_a_clone_that_never_published(servers: Servers) -> None:
    servers.configure(servers.target("a", 'signers = "allowed_signers"'))
    servers.county.commit()
    assert servers.publish().returncode == 0
    other = World(servers.folder / "clone")
    for folder in ("content", "sites"):
        shutil.copytree(servers.county.root / folder, other.root / folder, dirs_exist_ok=True)
    for name in ("targets.toml", "allowed_signers"):
        shutil.copy(servers.county.root / name, other.root)
    other.write("content/qingshui/news/2026-01-02-x.md", news("镇上的新闻"))
    other.write(NEWS, news("不该发布"))
    servers.county = other
    answer = servers.publish("--site", "qingshui")
    assert answer.returncode == 0, answer.stderr
    root = servers.folder / "a"
    assert shown(root, f"{QINGSHUI}/news/2026-01-02-x.html") == "镇上的新闻"
    assert shown(root) == "第一版"
    # Where the rest was signed by somebody unknown, it is not taken over.
    allow_signer(other.root, make_key(servers.folder / "stranger"))
    other.write("content/qingshui/news/2026-01-02-x.md", news("又一条"))
    answer = servers.publish("--site", "qingshui")
    assert answer.returncode == 3
    assert "不敢把它的站点照搬" in answer.stderr
    assert "签名不在允许的名单里" in answer.stderr
    assert servers.publish().returncode == 0


def test_without_a_key_to_sign_with_nothing_is_built(servers: Servers) -> None:
    servers.configure('[targets.a]\nkind = "ssh"\naddress = "govgen@www.yunling.gov.example"\n')
    answer = servers.publish()
    assert answer.returncode == 2
    assert "ssh-keygen -t ed25519 -f ~/.ssh/govgen-release" in answer.stderr
    servers.configure('[targets.a]\nkind = "ssh"\naddress = "x@y.example"\nkey = "no/such/key"\n')
    answer = servers.publish()
    assert answer.returncode == 2
    assert "no/such/key" in answer.stderr
    assert not (servers.county.root / "build").exists()


def test_servers_of_one_target_are_named_where_they_fail(servers: Servers) -> None:
    one, two = servers.add("one").replace("127.0.0.1", "localhost"), servers.add("two", free_port())
    head = f'[targets.a]\nkind = "ssh"\nkey = "{servers.key}"\n'
    both = f"[[targets.a.servers]]\n{one}[[targets.a.servers]]\n{two}"
    servers.configure(head + both)
    answer = servers.publish()
    assert answer.returncode == 3
    assert "一台也没有切换" in answer.stderr and "连不上" in answer.stderr
    assert "Traceback" not in answer.stderr
    servers.configure(f"{head}allow_missing = 1\n{both}")
    answer = servers.publish()
    assert answer.returncode == 1, answer.stderr
    assert "没有跟上" in answer.stdout
    assert shown(servers.folder / "one") == "第一版"
    servers.configure(f"{head}allow_missing = 1\n{both}".replace(two, servers.add("two")))
    answer = servers.publish()
    assert answer.returncode == 0, answer.stderr
    assert "内容没有变化" in answer.stdout
    assert shown(servers.folder / "two") == "第一版"


def test_a_mirror_follows_byte_for_byte_and_hinders_nothing(servers: Servers) -> None:
    away = servers.target("b").replace(f"port = {servers.sshd.port}", f"port = {free_port()}")
    first, mirror = servers.target("a", 'mirror = "b"'), servers.target("b")
    servers.configure(first + mirror)
    assert servers.publish().returncode == 0
    places = [Store(servers.folder / name) for name in ("a", "b")]
    assert places[0].find_live() == places[1].find_live()
    servers.configure(first + away)
    servers.county.write(NEWS, news("第二版"))
    answer = servers.county.run("publish", "--target", "a", "--clock", "2026-11-22T12:30:00+08:00")
    assert answer.returncode == 1, answer.stderr
    assert "b 没有跟上，那里仍是 20261122T040000Z（落后 30 分钟）" in answer.stdout
    assert (shown(places[0].root), shown(places[1].root)) == ("第二版", "第一版")
    servers.configure(first + mirror)
    answer = servers.publish()
    assert answer.returncode == 0, answer.stderr
    assert places[0].find_live() == places[1].find_live()
    assert shown(places[1].root) == "第二版"


FAULTS: dict[str, tuple[str, str]] = {
    "a kind that is none": ('[targets.a]\nkind = "shh"\n', "ssh"),
    "a key that is none": ('[targets.a]\nkind = "ssh"\naddress = "a@b.example"\nadress = "x"\n', "address"),
    "a key of another kind": ('[targets.a]\nkind = "directory"\nfolder = "x"\nport = 22\n', "port"),
    "no address": ('[targets.a]\nkind = "ssh"\n', "address"),
    "two addresses": ('[targets.a]\nkind="ssh"\naddress="a@b.c"\n[[targets.a.servers]]\naddress="a@c.d"\n', "address"),
    "an address that is an option": ('[targets.a]\nkind = "ssh"\naddress = "-oProxyCommand=x@y"\n', "govgen@www"),
    "an address without a folder": ('[targets.a]\nkind = "rsync"\naddress = "a@b.example"\n', "/srv/www"),
    "a folder that is a command": ('[targets.a]\nkind = "rsync"\naddress = "a@b.example:/x;id"\n', "/srv/www"),
    "a mirror that is not there": ('[targets.a]\nkind="directory"\nfolder="x"\nmirror="b"\n', "mirror"),
    "a mirror of itself": ('[targets.a]\nkind="directory"\nfolder="x"\nmirror="a"\n', "mirror"),
    "a name that is a path": ('[targets."../a"]\nkind="directory"\nfolder="x"\n', "../a"),
    "nothing kept": ('[targets.a]\nkind="directory"\nfolder="x"\nkeep=0\n', "keep"),
    "one server twice": (
        '[targets.a]\nkind="ssh"\n[[targets.a.servers]]\naddress="a@b.c"\n[[targets.a.servers]]\naddress="a@b.c"\n',
        "targets.a.servers.1.address",
    ),
    "no table": ("targets = 3\n", "targets"),
    "a table that is none": ("[targets]\na = 3\n", "targets.a"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_settings_of_targets_is_named(world: Callable[..., World], fault: str) -> None:
    county = world()
    text, words = FAULTS[fault]
    county.write("targets.toml", text)
    answer = county.run("publish", "--target", "a")
    assert answer.returncode == 2, answer.stderr
    assert "targets.toml" in answer.stdout
    assert words in answer.stdout
    assert not (county.root / "build").exists()


def test_the_example_of_the_manual_is_sound(world: Callable[..., World]) -> None:
    county = world()
    example = Path(__file__).parent.parent / "docs/examples/targets.toml"
    county.write("targets.toml", example.read_bytes())
    answer = county.run("publish", "--target", "no-such")
    assert answer.returncode == 2
    assert "county" in answer.stderr
