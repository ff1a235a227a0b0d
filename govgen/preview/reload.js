// Shown only in previews: reloads the page after a build, and lists what a check found.
(() => {
  const events = new EventSource('/-govgen/events');
  events.addEventListener('reload', () => location.reload());

  const show = (findings) => {
    const shown = findings.filter((finding) => finding.severity !== 'advice');
    if (shown.length === 0) return;
    const box = document.createElement('details');
    box.open = shown.some((finding) => finding.severity !== 'warning');
    Object.assign(box.style, {
      position: 'fixed', right: '12px', bottom: '12px', zIndex: 99999, maxWidth: 'min(560px, 94vw)',
      maxHeight: '60vh', overflow: 'auto', background: '#fff', color: '#1c1f23', padding: '10px 14px',
      border: '2px solid #a62b1f', font: '15px/1.6 system-ui, sans-serif',
    });
    const add = (parent, name, text) => {
      const element = document.createElement(name);
      element.textContent = text;
      parent.appendChild(element);
      return element;
    };
    add(box, 'summary', `${shown.length} 个问题`);
    const list = add(box, 'ol', '');
    for (const finding of shown) {
      const item = add(list, 'li', '');
      add(item, 'strong', finding.path + (finding.line ? `:${finding.line}` : ''));
      add(item, 'div', finding.message);
      add(item, 'div', `→ ${finding.remedy}`);
    }
    document.body.appendChild(box);
  };

  fetch('/-govgen/findings.json').then((answer) => answer.json()).then(show).catch(() => {});
})();
