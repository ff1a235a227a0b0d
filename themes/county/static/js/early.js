// Runs before the page is drawn: what was chosen is there from the first moment on, and nothing moves afterwards.
"use strict";
(() => {
  const chosen = document.cookie.match(/(?:^|; )govgen-elder=([12])/);
  document.documentElement.classList.add("scripted", ...(chosen ? ["elder", "larger"].slice(0, chosen[1]) : []));
})();
