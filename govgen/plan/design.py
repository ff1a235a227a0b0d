"""The live page of the design system: one sample of each piece, so that whoever changes the theme sees all of it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from govgen.model.figures import Attachment
from govgen.model.view import Block, DesignView, Fact, Item, Link, Month
from govgen.plan.scope import Scope

_LONG = "关于进一步规范全县农村宅基地审批和住房建设管理工作、切实维护群众合法权益的实施意见"
_PROSE = Markup(
    "<h2>二级标题</h2>"
    "<p>正文每段首行缩进两字，行高一点八倍，一行不超过四十字。正文里的<a href='#prose'>链接</a>带下划线，"
    "<strong>要紧的字</strong>加粗，<em>着重的字</em>加点。</p>"
    "<h3>三级标题</h3><ol><li>先看清条件；</li><li>再备齐材料；</li></ol>"
    "<blockquote><p>引文用楷体。</p></blockquote>"
    "<div class='table' role='region' tabindex='0' aria-label='表格'><table>"
    "<thead><tr><th scope='col'>类别</th><th scope='col'>标准</th><th scope='col'>每月</th></tr></thead>"
    "<tbody><tr><td>城市低保</td><td>人均</td><td>765元</td></tr>"
    "<tr><td>农村低保</td><td>人均</td><td>550元</td></tr></tbody>"
    "</table></div>"
)


def design_view(scope: Scope) -> DesignView:
    """Return the samples; they are nobody's documents, and lead nowhere."""
    day = datetime(2026, 3, 1, 9, tzinfo=ZoneInfo(scope.county.timezone))
    return DesignView(
        rows=(
            _item("关于开展春季植树活动的通知", "article", day, source=scope.county.name, is_source_said=True),
            _item(_LONG, "policy", day, number="云政发〔2026〕1号", is_interpreted=True),
            _item("机动车停车管理办法（试行）", "policy", day, number="云政发〔2025〕12号", validity="repealed"),
            _item("楼道灯不亮了，找谁修", "letter", day, replied_by="县住房城乡建设局", days=2),
            _item("公交线路优化方案征求意见", "consultation", day, phase="open", closes_on=day),
            _item("尚未发布的文稿", "article", day, status="draft"),
        ),
        names=Block(
            "services",
            "办事",
            "services",
            "#names",
            tuple(_item(name, "service", None) for name in ("结婚登记", "义务教育入学", "医保报销", "宅基地申请")),
        ),
        facts=(
            Fact("谁可以办", "户籍在本县的居民"),
            Fact("带什么", "身份证、户口簿"),
            Fact("多久办好", "5个工作日"),
            Fact("收费", "不收费"),
        ),
        attachments=(
            Attachment("申请表", "#attachments", "申请表.docx", "DOCX", 18_432),
            Attachment("办事流程图", "#attachments", "流程图.pdf", "PDF", 1_204_224),
        ),
        links=tuple(Link(name, "#links") for name in ("上河村", "下河村", "竹林村")),
        months=tuple(Month(f"2026-{month:02}", 2026, month, "#months", month) for month in (1, 2, 3)),
        prose=_PROSE,
    )


def _item(title: str, kind: str, date: datetime | None, **more: object) -> Item:
    own: dict[str, object] = {"source": "", "is_source_said": False, **more}
    return Item(title=title, href="#rows", kind=kind, date=date, site_id="", summary="", is_elsewhere=False, **own)  # type: ignore[arg-type]
