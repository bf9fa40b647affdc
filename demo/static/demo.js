// What scripts add to the demo's pages: values that copy at a click, and lists that renew themselves without taking the focus.

/** Give each value a button that copies it. */
function offerCopies() {
  for (const value of document.querySelectorAll("[data-copy]:not([data-offered])")) {
    value.dataset.offered = "";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy-button";
    button.textContent = "Copier";
    button.setAttribute("aria-label", `Copier ${value.textContent}`);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(value.dataset.copy);
      button.textContent = "Copié";
    });
    value.after(button);
  }
}

// The house leads the focus after every swap; what renews itself behind somebody's back must leave it alone.
for (const name of ["htmx:beforeRequest", "htmx:afterRequest", "htmx:sendError", "htmx:beforeSwap", "htmx:afterSettle"]) {
  document.body.addEventListener(name, (event) => {
    if (!event.target.closest("[data-quiet]")) return;
    event.stopPropagation();
    if (name === "htmx:afterSettle") offerCopies();
  });
}
offerCopies();
