// Runs in every page before anything of the page; what it saw is asked for through `window.probe`.
"use strict";
(() => {
  const seen = { shifts: [], violations: [], focused: [] };
  const name = (node) => {
    const element = node && !node.tagName ? node.parentElement : node;
    if (!element || element === document.body) return "body";
    const classes = [...element.classList].map((word) => `.${word}`).join("");
    const words = (element.getAttribute("aria-label") || element.textContent || "").trim().replace(/\s+/g, " ");
    const parent = element.parentElement;
    const inside = parent ? `${parent.tagName.toLowerCase()}${parent.className ? `.${parent.className}` : ""} > ` : "";
    return `${inside}${element.tagName.toLowerCase()}${classes} “${words.slice(0, 24)}”`;
  };

  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) {
      seen.shifts.push(`${shift.value.toFixed(4)} ${shift.sources.map((source) => name(source.node)).join(", ")}`);
    }
  }).observe({ type: "layout-shift", buffered: true });

  addEventListener("securitypolicyviolation", (event) => {
    seen.violations.push(`${event.violatedDirective} ${event.blockedURI || event.sample}`);
  });

  const REACHABLE = "a[href], button, input, select, textarea, summary, audio[controls], video[controls], [tabindex]";
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest("[inert]");
  const reachable = () =>
    [...document.querySelectorAll(REACHABLE)].filter(
      (element) => element.tabIndex >= 0 && !element.disabled && element.type !== "hidden" && isShown(element)
    );

  const outline = (style) => (style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth));
  const ring = (element) =>
    Math.max(...[null, "::before", "::after"].map((part) => outline(getComputedStyle(element, part))));
  addEventListener("focusin", ({ target }) => {
    const box = target.getBoundingClientRect();
    const isInView = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    seen.focused.push({ element: target, ring: ring(target), isInView });
  });

  // How far a finger may be off a point in one direction and still hit the element.
  const reach = (element, x, y, stepX, stepY) => {
    let steps = 0;
    while (steps < 60) {
      const hit = document.elementFromPoint(x + stepX * (steps + 1), y + stepY * (steps + 1));
      const label = hit && hit.closest("label");
      if (!hit || !(element === hit || element.contains(hit) || (label && label.control === element))) break;
      steps += 1;
    }
    return steps;
  };

  window.probe = {
    shifts: () => seen.shifts,
    violations: () => seen.violations,
    reachable: () => reachable().map(name),
    first: () => reachable()[0],

    // What is wider than the screen, and what is cut off.
    overflows: () => {
      const faults = [];
      const root = document.documentElement;
      if (root.scrollWidth > root.clientWidth) {
        const wide = [...document.body.querySelectorAll("*")].filter((element) => {
          const box = element.getBoundingClientRect();
          return box.right > root.clientWidth + 1 && box.width > 0 && !element.closest(".table, pre, .sections");
        });
        faults.push(`${root.scrollWidth} px wide on a screen of ${root.clientWidth}: ${name(wide[0])}`);
      }
      for (const element of document.body.querySelectorAll("*")) {
        const style = getComputedStyle(element);
        if (style.overflowX !== "hidden" && style.overflowY !== "hidden") continue;
        if (element.closest(".unseen") || style.clipPath !== "none" || !isShown(element)) continue;
        const isCut = element.scrollHeight > element.clientHeight + 2 || element.scrollWidth > element.clientWidth + 2;
        if (isCut && element.textContent.trim()) faults.push(`cut off: ${name(element)}`);
      }
      return faults;
    },

    // Targets a finger misses, links within running text left out: lower than 44 px, or a control that is narrower.
    small: () => {
      const faults = [];
      const within = "p:not(.action):not(.more):not(.feed) a, .prose a, dd a, td a, .skip";
      for (const element of reachable()) {
        if (!element.matches("a, button, input, select, textarea, summary") || element.matches(within)) continue;
        element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
        const box = element.getClientRects()[0];
        const [x, y] = [Math.round(box.left + box.width / 2), Math.round(box.top + box.height / 2)];
        const height = 1 + reach(element, x, y, 0, -1) + reach(element, x, y, 0, 1);
        const width = 1 + reach(element, x, y, -1, 0) + reach(element, x, y, 1, 0);
        // A box of 44 px that begins between two pixels covers 43 whole ones.
        if (height < 43 || width < (element.matches("a") ? 24 : 43)) faults.push(`${width} × ${height} px: ${name(element)}`);
      }
      scrollTo(0, 0);
      return faults;
    },

    // What a walk by the keyboard came to, held against what it should have reached, in the order of the page.
    walked: () => {
      const faults = [];
      const expected = reachable();
      const walked = seen.focused.map((step) => step.element).slice(0, expected.length);
      const missed = expected.filter((element) => !walked.includes(element));
      if (missed.length) faults.push(`not reached: ${missed.slice(0, 3).map(name).join(", ")}`);
      for (const [place, element] of walked.entries()) {
        if (element !== expected[place]) {
          faults.push(`out of order at step ${place + 1}: ${name(element)} instead of ${name(expected[place])}`);
          break;
        }
      }
      for (const step of seen.focused) {
        if (step.ring < 2) faults.push(`focus not seen: ${name(step.element)}`);
        if (!step.isInView) faults.push(`focus out of view: ${name(step.element)}`);
      }
      return faults;
    },
  };
})();
