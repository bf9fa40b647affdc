// What scripts add to pages that work without: a password that can be read, focus that follows, and a way out when nothing answers.
const page = document.documentElement;
page.classList.add("js");

/** Show the password, or hide it again, and let the button say what it will do next. */
function reveal(button) {
  const field = document.getElementById(button.dataset.reveal);
  const word = button.querySelector("[data-word]");
  field.type = field.type === "password" ? "text" : "password";
  [word.textContent, button.dataset.shown] = [button.dataset.shown, word.textContent];
}

/** Lead to what needs an answer: the first field in error, else the refusal, else (after a swap) the heading. From the top, so that what stands above it is seen where there is room. */
function lead(swapped) {
  const main = document.querySelector("main");
  if (swapped) scrollTo(0, 0);
  const place = main.querySelector("[aria-invalid=true]") ?? main.querySelector("[data-refusal][tabindex]");
  (place ?? (swapped ? main.querySelector("h1") : null))?.focus();
}

function answered(itDid) {
  document.querySelector("[data-no-answer]").hidden = itDid;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reveal]");
  if (button) reveal(button);
});

// A code pasted as « 123 456 » loses its spaces, so that it fills its six boxes.
document.addEventListener("input", (event) => {
  const field = event.target;
  if (field.matches("[data-digits]") && /\s/.test(field.value)) field.value = field.value.replace(/\s/g, "");
});

// A password must leave as a password, or the browser may remember it as plain text.
document.addEventListener("submit", (event) => {
  const button = event.target.querySelector("[data-reveal]");
  if (button && document.getElementById(button.dataset.reveal).type === "text") reveal(button);
}, true);

// A private page never comes back out of the browser's memory.
addEventListener("pageshow", (event) => {
  if (event.persisted && document.querySelector("[data-private]")) location.reload();
});

document.addEventListener("htmx:beforeRequest", () => {
  answered(true);
  document.querySelector("main").setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", () => document.querySelector("main").removeAttribute("aria-busy"));
document.addEventListener("htmx:sendError", () => answered(false));
// An answer that is no page of ours (a proxy's, say) must not wipe out the form.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.serverResponse.includes("<main")) return;
  event.detail.shouldSwap = false;
  answered(false);
});
// The same address again is no new step back.
document.addEventListener("htmx:beforeHistoryUpdate", ({ detail: { history } }) => {
  if (new URL(history.path, location).href === location.href) history.type = "replace";
});
document.addEventListener("htmx:afterSettle", () => lead(true));
lead(false);
