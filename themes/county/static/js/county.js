// What pages can do besides being read: elder mode with its tools, copying a number. Without it, only these are missing.
"use strict";
(() => {
  const root = document.documentElement;
  const domain = document.currentScript.dataset.domain;
  const elderSwitch = document.querySelector("[data-elder]");
  const tools = document.querySelector(".elder-tools");
  const status = tools.querySelector("[role=status]");
  const readButton = tools.querySelector("[data-do=read]");

  // One choice for all sites of the county, for a year.
  function remember(level) {
    const isOwn = location.hostname.endsWith(`.${domain}`);
    document.cookie = [
      `govgen-elder=${level}`, "path=/", "samesite=lax", `max-age=${level ? 31536000 : 0}`,
      ...(isOwn ? [`domain=${domain}`] : []), ...(location.protocol === "https:" ? ["secure"] : []),
    ].join("; ");
  }

  function show(level) {
    root.classList.toggle("elder", level > 0);
    root.classList.toggle("larger", level > 1);
    elderSwitch.setAttribute("aria-pressed", String(level > 0));
    tools.querySelector("[data-do=larger]").disabled = level > 1;
    tools.querySelector("[data-do=smaller]").disabled = level < 2;
  }

  function choose(level) {
    remember(level);
    show(level);
  }

  // Reading aloud, one block after the other, so that the one being read can be shown.

  let queue = [];

  function stop() {
    queue = [];
    window.speechSynthesis?.cancel();
    document.querySelector(".being-read")?.classList.remove("being-read");
    readButton.textContent = readButton.dataset.start;
    readButton.setAttribute("aria-pressed", "false");
  }

  function readOn() {
    document.querySelector(".being-read")?.classList.remove("being-read");
    const block = queue.shift();
    if (!block) return stop();
    const words = new SpeechSynthesisUtterance(block.innerText);
    words.lang = block.closest("[lang]").lang;
    words.rate = 0.85;
    words.onend = () => queue.length ? readOn() : stop();
    words.onerror = (event) => {
      // Whoever stops it, or leaves, is told nothing.
      if (!["canceled", "interrupted"].includes(event.error)) status.textContent = status.dataset.silent;
      stop();
    };
    block.classList.add("being-read");
    block.scrollIntoView({ block: "center" });
    speechSynthesis.speak(words);
  }

  function read() {
    if (readButton.getAttribute("aria-pressed") === "true") return stop();
    status.textContent = "";
    const blocks = document.querySelectorAll("main :is(h1, h2, h3, p, li, dt, dd, tr)");
    // A list's entry that holds paragraphs is read paragraph by paragraph.
    queue = [...blocks].filter((block) => block.innerText.trim() && !block.querySelector("h1, h2, h3, p, li, dt, dd, tr"));
    readButton.textContent = readButton.dataset.stop;
    readButton.setAttribute("aria-pressed", "true");
    readOn();
  }

  const actions = { larger: () => choose(2), smaller: () => choose(1), leave: () => { stop(); choose(0); elderSwitch.focus(); }, read };
  tools.addEventListener("click", (event) => actions[event.target.dataset?.do]?.());
  elderSwitch.addEventListener("click", () => choose(root.classList.contains("elder") ? 0 : 1));
  addEventListener("keydown", (event) => { if (event.key === "Escape" && readButton.getAttribute("aria-pressed") === "true") stop(); });
  addEventListener("pagehide", stop);

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", () => {
      navigator.clipboard.writeText(button.dataset.copy).then(() => {
        button.textContent = button.dataset.done;
        button.nextElementSibling.textContent = button.dataset.done;
      });
    });
  }

  readButton.hidden = !("speechSynthesis" in window);
  show(root.classList.contains("larger") ? 2 : root.classList.contains("elder") ? 1 : 0);
})();
