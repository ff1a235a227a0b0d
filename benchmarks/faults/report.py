"""Writes the page on reliability from the figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.faults import measures
from benchmarks.faults.figures import Figure, LeftOut

_HEAD = """# 可靠性

> In short: publishing is broken in every way that can be thought of – killed, starved of disk, cut off from power, run
> eight times at once, robbed of its own files – and what citizens would be served is looked at each time.

由 `make faults`（`python -m benchmarks.faults`）生成，请勿手改。{hint}

- 机器：{machine}。
- 版本：{versions}。

栏目的意思：

- **次数**：造成了多少次这样的故障。
- **错乱**：之后网站上的内容既不是完整的旧版，也不是完整的新版，有多少次。
- **卡住**：锁没有放开、进程没有结束，有多少次。
- **恢复**：接着再发布一次（或者照提示做），内容正确、没有留下半成品的次数。
- **没说清**：退出码不对、没有说出是什么出了错，或者磁盘满了以后空间没有还回来，有多少次。
"""

_HOW: Mapping[str, str] = {
    measures.KILLED: "每一个会改动仓库文件夹的系统调用（写文件、建文件夹、改名、删除、落盘、加锁等，"
    "全部线程和进程一起编号）之前，用 SIGKILL 杀死进程。"
    "调用由内核的 seccomp_unotify 在执行之前交给测试程序；`strace -e inject` 按线程分别计数，有的调用到不了，"
    "所以没有用它。"
    "程序发布的县有两个站点、三篇文稿，放在内存里的文件系统上。",
    measures.FAILING: "让同样的系统调用各失败一次，或者从某一个起一直失败。退出码应当是 3"
    "（清理旧版之类不要紧的失败可以是 0），不能有堆栈，要说出原因或者文件名；"
    "磁盘满了没有发布成的，占用的空间要还回来。",
    measures.POWER: "记下一次发布对库的全部改动，放进一个只认“落盘”的磁盘模型：没有 fsync、syncfs 保证的，"
    "文件名可以有而内容没有、只有一半、全是零、是乱码，后来的改动可以比先前的先到，改名之外没有顺序。"
    "在每一个系统调用之后断电，每处取十几种可能，去掉重复的，逐个摆到磁盘上，按清单核对每个字节；"
    "其中一部分再发布一次，每两次有一次先把文稿改回去。",
    measures.MUTANTS_CAUGHT: "故意把程序改错一处，断电测试必须发现：错乱或者不能恢复至少一次。",
    measures.SWITCHING: "真的 nginx，配置由 `govgen webserver` 的代码写出；两个读者各用一条长连接不停地读，"
    "逐个核对状态码和内容的校验值（原文、gzip、brotli 三种），有时再取页面所用的样式。两版的每一页都不同。"
    "同时清除旧版。",
    measures.RUSHING: "八个进程等同一个信号，一起开始发布；每轮之前改一页。",
    measures.DAMAGED: "翻转一位、截断、清零、换成别的内容、挖掉 4 KB、删除，每次坏一个文件，改一页再发布。"
    "网站上的内容必须与从头生成的逐字节相同；或者没有发布，说清原因，旧版不变。",
    measures.GOING_BACK: "真的 nginx，读者不停地读；每次运行一遍 `govgen rollback`，时间连程序启动在内。"
    "退完以后逐个文件核对。",
    measures.FAR: "真的 sshd，在本机。断开的一次之后接着发布一次：线上只能是旧的或新的，只传服务器上还没有的。"
    "比较的一项：同一台机器、同一次运行、轮流做，rsync 用 `-a -c --delete`。",
    measures.TAMPERED: "在库里随机挑文件动手，一次一种，查出、改回，"
    "再把整个库（内容、权限、时间、链接）与动手之前的比。",
    measures.HEADERS: "真的 nginx，配置由 `govgen webserver` 的代码写出；打分的是 MDN Observatory 的程序，在本机运行，"
    "满 100 分以后还有附加分，A+ 是最高一档。",
    measures.LONG: "在一个进程里连续发布小改动。后一半用的内存、打开的文件、库里的文件，最多比前一半多百分之五。",
}


def write_report(
    found: Sequence[Figure | LeftOut], machine: Mapping[str, str], versions: Mapping[str, str], *, is_quick: bool
) -> str:
    """Return the page as Markdown."""
    hint = "**这是 `--quick` 的结果，只取了一小部分。**" if is_quick else ""
    lines = [
        _HEAD.format(
            hint=hint,
            machine="，".join(f"{name} {value}" for name, value in machine.items()),
            versions="，".join(f"{name} {value}" for name, value in versions.items()),
        )
    ]
    for group, how in _HOW.items():
        own = [one for one in found if one.group == group]
        if own:
            lines += [f"## {group}\n", f"{how}\n", *_table(own), ""]
    return "\n".join(lines)


def _table(found: Iterable[Figure | LeftOut]) -> Iterable[str]:
    yield "| 故障 | 次数 | 错乱 | 卡住 | 恢复 | 没说清 | 附注 | 结果 |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |"
    for one in found:
        if isinstance(one, LeftOut):
            yield f"| {one.name} | — | — | — | — | — | {one.reason} | 没有测 |"
            continue
        healed = "—" if one.healed is None or not one.tried else f"{one.healed}/{one.tried}"
        verdict = "达到" if one.is_met else "**没有达到**"
        numbers = f"{one.points} | {one.torn} | {one.stuck} | {healed} | {one.unclear}"
        yield f"| {one.name} | {numbers} | {one.note} | {verdict} |"
