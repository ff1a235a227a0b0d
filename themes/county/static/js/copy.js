// Offers to copy a document's number. Without it the number stands there to be read and marked all the same.
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(button.dataset.copy).then(() => {
      button.textContent = button.dataset.done;
      button.nextElementSibling.textContent = button.dataset.done;
    });
  });
}
