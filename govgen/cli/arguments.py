"""All commands and their options; the manual's page of commands is generated from here."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LISTS = ("documents", "drafts", "future", "expired", "withdrawn", "held", "stale", "adopted", "submitted")
SITE_KINDS = ("portal", "department", "township")
FORMATS = ("text", "json", "github")
SERVERS = ("nginx", "caddy", "serve")

_COMMON_DEFAULTS = {
    "repo": None,
    "clock": None,
    "lang": None,
    "verbose": False,
    "quiet": False,
    "no_color": False,
    "json": False,
}


def make_parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Return the parser of the whole command line, or of what begins with these arguments."""
    parser = argparse.ArgumentParser(
        prog="govgen", description="把一个仓库生成为全县政府网站：门户、部门、乡镇、村。", parents=[_common()]
    )
    # With its `prog` given, argparse makes no usage line for it, which takes longer than the rest.
    commands = parser.add_subparsers(dest="command", required=True, metavar="命令", prog="govgen")
    named = _find_command(arguments)
    for name, (help, add_options) in _COMMANDS.items():
        if named in (name, ""):
            add_options(commands.add_parser(name, help=help, description=help, parents=[_common()]))
    parser.set_defaults(**_COMMON_DEFAULTS)
    return parser


def _find_command(arguments: Sequence[str]) -> str:
    """Return the command that arguments surely name; making the parsers of all others takes longer than it may."""
    waiting = list(arguments)
    while waiting and waiting[0] in ("--repo", "--clock", "--lang"):
        waiting = waiting[2:]
    return waiting[0] if waiting and waiting[0] in _COMMANDS else ""


def _add_init(init: argparse.ArgumentParser) -> None:
    init.add_argument("folder", type=Path, metavar="文件夹")


def _add_build(build: argparse.ArgumentParser) -> None:
    build.add_argument("--site", action="append", default=[], metavar="站点", help="只生成这些站点的页面")
    build.add_argument("--output", type=Path, metavar="文件夹", help="生成到哪里（默认 build/public）")
    build.add_argument("--clean", action="store_true", help="先清掉上一次生成的文件")
    build.add_argument("--verify", action="store_true", help="再从头生成一遍，逐字节比较")
    _add_commit(build)
    _add_audience(build)
    _add_jobs(build)


def _add_commit(command: argparse.ArgumentParser) -> None:
    help = "只用已经提交的内容（默认 HEAD），工作区里没有提交的改动不算"
    command.add_argument("--commit", nargs="?", const="HEAD", metavar="版本", help=help)


def _add_serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--port", type=int, default=8000, metavar="端口")
    serve.add_argument("--open", action="store_true", help="在浏览器里打开门户")
    _add_jobs(serve)


def _add_check(check: argparse.ArgumentParser) -> None:
    check.add_argument("paths", nargs="*", metavar="文稿", help="只报告这些文件或文件夹的问题")
    check.add_argument("--site", action="append", default=[], metavar="站点", help="只报告这些站点的问题")
    check.add_argument("--changed", action="store_true", help="只报告还没有提交的文件的问题")
    check.add_argument("--built", type=Path, metavar="文件夹", help="再检查已经生成的页面：链接、标签、页脚")
    check.add_argument("--format", choices=FORMATS, default="text", help="text、json 或 github")
    _add_jobs(check)


def _add_publish(publish: argparse.ArgumentParser) -> None:
    _add_target(publish)
    publish.add_argument(
        "--site", action="append", default=[], metavar="站点", help="只更新这些站点，其余保持已发布的样子"
    )
    _add_commit(publish)
    publish.add_argument("--dry-run", action="store_true", help="只生成和比较，列出会增、改、减哪些页面，不切换")
    help = "一个站点最多允许减少百分之几的页面（默认 20），超过就不发布"
    publish.add_argument("--allow-shrink", type=float, default=20.0, metavar="百分数", help=help)
    _add_jobs(publish)


def _add_receive(receive: argparse.ArgumentParser) -> None:
    receive.add_argument("--root", type=Path, required=True, metavar="文件夹", help="发布版放在哪里，如 /srv/govgen")
    help = "可以签名的公钥名单（默认 --root 文件夹里的 allowed_signers）"
    receive.add_argument("--signers", type=Path, metavar="文件", help=help)
    help = "只接收这个县的发布版（默认与已经发布的相同）"
    receive.add_argument("--county", default="", metavar="域名", help=help)
    receive.add_argument("--keep", type=int, default=10, metavar="个数", help="保留最新的几个发布版（默认 10）")


def _add_releases(releases: argparse.ArgumentParser) -> None:
    _add_target(releases)


def _add_rollback(rollback: argparse.ArgumentParser) -> None:
    rollback.add_argument("release", nargs="?", default="", metavar="发布版", help="回到哪一版（默认是上一版）")
    rollback.add_argument("--site", action="append", default=[], metavar="站点", help="只回退这些站点，其余不动")
    _add_target(rollback)


def _add_status(status: argparse.ArgumentParser) -> None:
    status.add_argument("paths", nargs="*", metavar="文稿", help="这些文稿的改动是不是已经上线")
    _add_target(status)


def _add_target(command: argparse.ArgumentParser) -> None:
    command.add_argument("--target", metavar="目标", help="部署目标（默认本地目录 public/）")


def _add_verify(verify: argparse.ArgumentParser) -> None:
    verify.add_argument("--target", metavar="目标", help="核对哪个部署目标（默认本地目录 public/）")
    verify.add_argument("--root", type=Path, metavar="文件夹", help="核对这个库（在网站服务器上用，不需要仓库）")
    help = "再通过网络核对：https://{host}，或者 http://127.0.0.1:8080 这样的地址"
    verify.add_argument("--url", metavar="网址", help=help)
    verify.add_argument("--ca", type=Path, metavar="文件", help="用这个文件里的根证书核对 https")
    verify.add_argument("--heal", action="store_true", help="把改动过的逐字节改回来，多出来的移到 quarantine/")
    verify.add_argument("--objects", action="store_true", help="连备用的内容（objects/）一起核对，能查出磁盘损坏")
    verify.add_argument("--watch", action="store_true", help="一直守着，一有改动就改回来并报警")
    verify.add_argument(
        "--every", type=float, default=3600.0, metavar="秒", help="守着时，隔多久全部核对一遍（默认 3600）"
    )
    verify.add_argument("--webhook", metavar="网址", help="守着时，有改动就向这个网址发 JSON")
    help = "签名人名单，发布版必须由名单里的人签名（默认用库里的 allowed_signers，如果有）"
    verify.add_argument("--signers", type=Path, metavar="文件", help=help)


def _add_list(listing: argparse.ArgumentParser) -> None:
    listing.add_argument("what", choices=LISTS, metavar="种类", help="、".join(LISTS))
    listing.add_argument("--site", action="append", default=[], metavar="站点", help="只列出这些站点的文稿")
    _add_jobs(listing)


def _add_due(due: argparse.ArgumentParser) -> None:
    due.add_argument("--number", type=int, default=5, metavar="数", help="列出几件（默认 5）")
    _add_commit(due)
    _add_jobs(due)


def _add_why(why: argparse.ArgumentParser) -> None:
    why.add_argument("about", metavar="网址或文件", help="页面的网址、生成的文件，或者仓库里的文稿")
    _add_jobs(why)


def _add_webserver(webserver: argparse.ArgumentParser) -> None:
    help = "nginx、caddy 写出它的配置；serve 在本机用真正的 nginx 打开已发布的网站"
    webserver.add_argument("what", choices=SERVERS, metavar="用途", help=help)
    help = "发布版在服务器上的文件夹（默认 /srv/govgen；serve 用仓库里的 .govgen）"
    webserver.add_argument("--root", type=Path, metavar="文件夹", help=help)
    webserver.add_argument("--certificate", type=Path, metavar="文件", help="证书；不写就只有 http")
    webserver.add_argument("--key", type=Path, metavar="文件", help="证书的私钥")
    webserver.add_argument("--port", type=int, metavar="端口", help="http 的端口（默认 80，serve 是 8080）")
    webserver.add_argument("--no-ipv6", action="store_true", help="服务器没有 IPv6")
    webserver.add_argument("--no-brotli", action="store_true", help="服务器上的 nginx 没有 brotli 模块")
    help = "写完整的 nginx 配置，进程号、日志放在这个文件夹；不写就是放进 conf.d 的一段"
    webserver.add_argument("--alone", type=Path, metavar="文件夹", help=help)
    webserver.add_argument("--output", type=Path, metavar="文件", help="写到文件里；不写就显示出来")


def _add_nothing(_: argparse.ArgumentParser) -> None:
    pass


def _add_new(new: argparse.ArgumentParser) -> None:
    new.add_argument("kind", metavar="种类", help="文稿种类（news、policy、service …）或 site")
    new.add_argument("title", metavar="标题", help="文稿标题；新建站点时是站点代号")
    new.add_argument("--site", metavar="站点", help="文稿属于哪个站点")
    new.add_argument("--section", metavar="栏目", help="放进哪个栏目（默认按种类）")
    new.add_argument("--kind", dest="site_kind", choices=SITE_KINDS, help="新站点的种类")
    new.add_argument("--name", metavar="名称", help="新站点的名称")


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    # Options may stand before or after the command; a default given in both places would undo the first.
    unset = argparse.SUPPRESS
    common.add_argument("--repo", type=Path, default=unset, metavar="文件夹", help="县级网站仓库（默认当前所在的仓库）")
    common.add_argument("--clock", default=unset, metavar="时间", help="当作现在是这个时间")
    common.add_argument("--lang", choices=("zh", "en"), default=unset, help="程序说中文还是英文")
    common.add_argument("-v", "--verbose", action="store_true", default=unset, help="多说一些")
    common.add_argument("-q", "--quiet", action="store_true", default=unset, help="只说出错的事")
    common.add_argument("--no-color", action="store_true", default=unset, help="不用颜色")
    common.add_argument("--json", action="store_true", default=unset, help="输出 JSON")
    return common


def _add_audience(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--drafts", action="store_true", help="连草稿一起生成")
    parser.add_argument("--future", action="store_true", help="连未到发布时间的一起生成")
    parser.add_argument("--expired", action="store_true", help="连已下线的一起生成")


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="数", help="同时用几个进程")


_COMMANDS: Mapping[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "init": ("新建一个县级网站仓库，马上可以生成", _add_init),
    "new": ("新建文稿或站点", _add_new),
    "build": ("生成全县网站，列出所有问题", _add_build),
    "serve": ("在本机预览所有站点，保存即刷新", _add_serve),
    "check": ("检查文稿，不生成页面", _add_check),
    "publish": ("检查、生成、发布：本地目录 public/，或者部署目标", _add_publish),
    "releases": ("列出保留着的发布版", _add_releases),
    "rollback": ("回到以前的发布版：全县，或者几个站点", _add_rollback),
    "status": ("现在上线的是什么，某篇文稿的改动上线了没有", _add_status),
    "verify": ("核对已发布的网站有没有被改动，可以改回来，也可以一直守着", _add_verify),
    "receive": ("在服务器上接收发布版；由 ssh 密钥的强制命令运行，不用手工运行", _add_receive),
    "list": ("列出文稿", _add_list),
    "due": ("说明下一次应在什么时候发布，到时什么会变", _add_due),
    "why": ("说明一个页面为什么是这个样子：由什么生成、用到什么、为什么重做", _add_why),
    "webserver": ("写出网站服务器（nginx、Caddy）的配置，或者在本机试着打开", _add_webserver),
    "doctor": ("看看这台机器上有什么、缺什么、怎么补", _add_nothing),
    "clean": ("清掉生成的文件；文稿和发布版不动", _add_nothing),
}
"""What `--help` says of each command, and what adds its options."""
