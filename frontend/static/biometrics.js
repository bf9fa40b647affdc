// Fingerprint and face (W3C WebAuthn): a module that does the ceremonies of the forms marked data-ceremony. The words are the page's.
const able = "PublicKeyCredential" in window;

// What a ceremony came to, by the name of its error; all else (a cancel, a failed fingerprint, a time-out) is "not-done".
const OUTCOMES = {
  InvalidStateError: "already-active",
  SecurityError: "wrong-address",
  NoAuthenticator: "no-authenticator",
  NoFullLogin: "no-full-login",
  NoAnswer: "no-answer",
};
const failed = (name) => Object.assign(new Error(name), { name });

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const named = (list) => list.map((one) => ({ ...one, id: bytes(one.id) }));

// WebAuthn's own way from JSON and back, or ours in browsers that lack it.
const read = {
  create: (json) => PublicKeyCredential.parseCreationOptionsFromJSON?.(json) ?? {
    ...json,
    challenge: bytes(json.challenge),
    user: { ...json.user, id: bytes(json.user.id) },
    excludeCredentials: named(json.excludeCredentials),
  },
  get: (json) => PublicKeyCredential.parseRequestOptionsFromJSON?.(json) ?? {
    ...json,
    challenge: bytes(json.challenge),
    allowCredentials: named(json.allowCredentials),
  },
};

function written(credential) {
  if (credential.toJSON) return credential.toJSON();
  const response = { transports: credential.response.getTransports?.() };
  for (const member of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[member]) response[member] = text(credential.response[member]);
  }
  const { id, type, authenticatorAttachment } = credential;
  return { id, rawId: id, type, authenticatorAttachment, response, clientExtensionResults: credential.getClientExtensionResults() };
}

// One ceremony at a time: to begin another, or to leave the page, is to give up the one under way.
let turn = new AbortController();
let released = Promise.resolve(); // when the browser has let go of the last one

function begin() {
  turn.abort();
  turn = new AbortController();
  return turn.signal;
}

/** The options of a ceremony, from the page's own address. */
async function options(form, signal) {
  const answer = await fetch(form.dataset.options, { method: "POST", signal }).catch((error) => {
    throw signal.aborted ? error : failed("NoAnswer");
  });
  if (answer.redirected) {
    location.assign(answer.url); // the session is over: to the login, which says so
    await new Promise(() => {});
  }
  if (!answer.ok) throw failed(answer.status === 403 ? "NoFullLogin" : "NoAnswer");
  return answer.json();
}

/** From the options to the response, which the form posts. */
async function perform(form, signal, mediation) {
  const kind = form.dataset.ceremony;
  const publicKey = read[kind](await options(form, signal));
  await released;
  signal.throwIfAborted();
  const asked = navigator.credentials[kind]({ publicKey, signal, ...mediation });
  released = asked.catch(() => {});
  const field = form.elements.response;
  field.value = JSON.stringify(written(await asked));
  signal.throwIfAborted();
  form.requestSubmit();
  field.value = ""; // a response serves once
}

/** Say what it came to. */
function tell(name) {
  const place = document.querySelector("[data-outcomes]");
  const outcome = OUTCOMES[name] ?? "not-done";
  const words = place.querySelector(`[data-outcome="${outcome}"]`) ?? place.querySelector("[data-outcome]");
  hush();
  document.querySelector("dialog[open]")?.close();
  place.append(words.content.cloneNode(true));
  const panel = place.querySelector(".alert");
  panel.dataset.refusal = `biometric-${words.dataset.outcome}`;
  return panel;
}

function hush() {
  for (const panel of document.querySelectorAll("[data-refusal^=biometric]")) panel.remove();
}

/** A press of the button. */
async function pressed(form) {
  const signal = begin();
  hush();
  form.setAttribute("aria-busy", "true");
  try {
    // Without one, create() would hang until its time is over.
    if (!(await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable())) throw failed("NoAuthenticator");
    await perform(form, signal);
  } catch (error) {
    if (signal.aborted) return;
    tell(error.name).focus();
    arm(form);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

let refusals = 0; // suggestions taken up in a row that did not lead in: each waits longer before the next

/** Let the browser suggest a credential in the field (autofill), with a challenge that is always fresh. */
async function arm(form) {
  const before = turn;
  if (!form.dataset.life || !(await PublicKeyCredential.isConditionalMediationAvailable?.()) || turn !== before) return;
  const signal = begin();
  const later = (act, after) => {
    const timer = setTimeout(() => whenSeen(act, signal), after);
    signal.addEventListener("abort", () => clearTimeout(timer));
  };
  later(async () => {
    later(() => arm(form), form.dataset.life * 900); // at nine tenths of the challenge's life
    try {
      await perform(form, signal, { mediation: "conditional" });
      refusals += 1;
    } catch (error) {
      if (signal.aborted) return;
      refusals += 1;
      if (error.name !== "NoAnswer" && suggested()) tell(error.name);
      arm(form);
    }
  }, Math.min(refusals, 30) * 1000);
}

/** Whether somebody may have taken up a suggestion: they come in the field. Who has done nothing is told nothing, nor twice. */
function suggested() {
  return document.activeElement?.matches("[autocomplete~=webauthn]") && !document.querySelector("[data-refusal^=biometric]");
}

function whenSeen(act, signal) {
  if (!document.hidden) act();
  else document.addEventListener("visibilitychange", act, { once: true, signal });
}

/** A page has come, whole or by htmx: what this device can do shows. */
async function arrived() {
  const signal = begin();
  for (const part of document.querySelectorAll("[data-without=webauthn]")) part.hidden = true;
  for (const part of document.querySelectorAll("[data-signal]")) {
    PublicKeyCredential[part.dataset.signal]?.(JSON.parse(part.dataset.told)).catch(() => {});
  }
  const authenticator = await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable();
  if (signal.aborted) return;
  const met = {
    webauthn: true,
    authenticator,
    "set-up": !authenticator && matchMedia("(pointer: coarse) and (hover: none)").matches,
  };
  for (const part of document.querySelectorAll("[data-needs]")) {
    if (!met[part.dataset.needs]) continue;
    if (part instanceof HTMLDialogElement) part.open || part.showModal();
    else part.hidden = false;
  }
  const login = document.querySelector("form[data-life]");
  if (login) arm(login);
  else refusals = 0;
}

if (able) {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.ceremony || form.elements.response.value) return;
    event.preventDefault();
    event.stopPropagation(); // htmx waits for the response too
    pressed(form);
  }, true);
  // Escape is « plus tard ».
  document.addEventListener("cancel", (event) => event.target.querySelector("[data-later]")?.click(), true);
  document.addEventListener("htmx:afterSettle", arrived);
  addEventListener("pagehide", begin);
  addEventListener("pageshow", (event) => event.persisted && arrived());
  arrived();
}
