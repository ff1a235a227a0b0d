# 维护员和开发者的命令；不带参数时列出全部。
# Commands for maintainers and developers; without a target, they are listed.

GOVGEN = .venv/bin/govgen
PYTEST = .venv/bin/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help setup publish preview serve-public check test look weights lighthouse search bench faults report docs lock clean

help: ## 列出命令 / list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 20

setup: ## 准备运行环境（第二次起直接跳过） / set up, once
	@tools/setup.sh

publish: setup ## 生成全县网站并发布到 public/ / build the county and put it live in public/
	@$(GOVGEN) publish

preview: setup ## 在本机预览，保存即刷新 / preview on this machine, reload on save
	@$(GOVGEN) serve

serve-public: setup ## 在本机用真正的 nginx 打开已发布的网站（SERVE="--port 8081" 换端口） / serve what is published, by the real nginx
	@$(GOVGEN) webserver serve $(SERVE)

check: setup ## 检查文稿，不生成 / check documents
	@$(GOVGEN) check

test: ## 准备测试环境并运行全部测试 / set up and run all tests
	@[ -d tests ] || { echo "测试在 govgen 的仓库里，县级仓库不带 / the tests are in govgen's own repository"; exit 2; }
	@tools/setup.sh tests
	@.venv/bin/ruff check govgen tests benchmarks pelicanconf.py
	@.venv/bin/ruff format --check govgen tests benchmarks pelicanconf.py
	@.venv/bin/mypy
	@$(PYTEST) -n auto

look: ## 把每种页面在手机、电脑、深色、长者模式下的样子截图到 build/look/ / picture every type of page in every look
	@[ -d tests ] || { echo "截图在 govgen 的仓库里做，县级仓库不带 / pictures are made in govgen's own repository"; exit 2; }
	@tools/setup.sh tests
	@.venv/bin/python -m tests.citizen.look $(LOOK)

weights: ## 称每种页面有多重，写 docs/weight.md 和测试守着的数字 / weigh every type of page
	@[ -d tests ] || { echo "称重在 govgen 的仓库里做，县级仓库不带 / weighing is done in govgen's own repository"; exit 2; }
	@tools/setup.sh tests
	@.venv/bin/python -m tests.citizen.weights

lighthouse: ## 用 Lighthouse 给六种页面打分，写 docs/lighthouse.md / have Lighthouse mark six types of page
	@[ -d tests ] || { echo "打分在 govgen 的仓库里做，县级仓库不带 / marks are given in govgen's own repository"; exit 2; }
	@tools/setup.sh tests
	@.venv/bin/python -m tests.citizen.lighthouse

search: ## 量站内搜索：索引的花费，在浏览器里把公众会问的都问一遍，写 docs/search.md（SEARCH="--only browser" 只问） / measure searching
	@[ -d benchmarks ] || { echo "搜索在 govgen 的仓库里量，县级仓库不带 / searching is measured in govgen's own repository"; exit 2; }
	@tools/setup.sh tests
	@.venv/bin/python -m benchmarks.search $(SEARCH)

bench: ## 与 Hugo、原样 Pelican 比速度，写 docs/performance.md（开发者用；BENCH="--quick" 只试小县） / measure speed
	@[ -d benchmarks ] || { echo "性能测试在 govgen 的仓库里，县级仓库不带 / the benchmarks are in govgen's own repository"; exit 2; }
	@tools/setup.sh
	@[ -x build/bench/venv/bin/python ] || python3 -m venv build/bench/venv
	@build/bench/venv/bin/pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r benchmarks/requirements.lock
	@.venv/bin/python -m benchmarks $(BENCH)

faults: ## 杀死、断电、写满磁盘、同时发布……看网站会怎样，写 docs/reliability.md（开发者用；FAULTS="--quick" 只试一小部分） / break publishing in every way
	@[ -d benchmarks ] || { echo "可靠性测试在 govgen 的仓库里，县级仓库不带 / the fault harness is in govgen's own repository"; exit 2; }
	@tools/setup.sh tests
	@.venv/bin/python -m benchmarks.faults $(FAULTS)

report: ## 用真实语料建县并出报告 docs/real-input.md（只在 govgen 的仓库里）/ build counties from real content
	@tools/setup.sh tests
	@.venv/bin/python -m tests.real_input

docs: setup ## 重新生成手册里由程序生成的几页 / regenerate the generated pages of the manual
	@.venv/bin/python -m govgen.cli.manual

# The lock is made with the oldest Python supported, Debian 12's 3.11.2: LOCK_PYTHON=/usr/bin/python3 there.
LOCK_PYTHON ?= python3
lock: ## 更新依赖锁定文件 / update the locks
	@$(LOCK_PYTHON) -m venv build/lock && build/lock/bin/pip install -q pip-tools
	@for extra in "" test; do \
	  build/lock/bin/pip-compile -q --strip-extras --generate-hashes --allow-unsafe --no-emit-index-url \
	    --no-emit-find-links --no-emit-trusted-host --no-header $${extra:+--extra $$extra} --extra build \
	    -o requirements$${extra:+-$$extra}.lock pyproject.toml || exit; done
	@build/lock/bin/pip-compile -q --strip-extras --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --no-header -o benchmarks/requirements.lock benchmarks/requirements.in

clean: ## 清掉生成的文件 / remove what was built
	@$(GOVGEN) clean
