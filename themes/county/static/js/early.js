// Runs before the page is drawn: what was chosen, and what the browser can do, shows from the first moment on.
"use strict";
(() => {
  const chosen = document.cookie.match(/(?:^|; )govgen-elder=([12])/);
  const marks = ["scripted", ...(navigator.clipboard ? ["copies"] : []), ...["elder", "larger"].slice(0, chosen?.[1] ?? 0)];
  document.documentElement.classList.add(...marks);
})();
