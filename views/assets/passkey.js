// The only script of these pages: it asks the browser for a passkey and posts what it says, by the form on the page. It sends
// nothing by itself. Without it, or without passkeys, the form stays hidden, and signing in by mail works as ever.
for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (window.PublicKeyCredential === undefined) continue;
  const { passkey: act, options } = form.dataset;
  const [failed, known = failed] = form.querySelectorAll("[role=alert]");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    failed.hidden = true;
    known.hidden = true;
    try {
      const publicKey = bytesIn(JSON.parse(options));
      const credential = await navigator.credentials[act]({ publicKey });
      form.elements.credential.value = JSON.stringify(textsIn(credential));
      form.submit();
    } catch ({ name }) {
      // Cancelled, too late, or no fitting passkey: browsers do not say which, so that no site learns what a person has. Only
      // that the device has one of this person already is said, once they have agreed to make another.
      (name === "InvalidStateError" ? known : failed).hidden = false;
    }
  });
}

/** The options with bytes where the server could send text only. */
function bytesIn(options) {
  const { challenge, user, excludeCredentials = [], allowCredentials = [] } = options;
  const known = (list) => list.map((one) => ({ ...one, id: toBytes(one.id) }));
  return {
    ...options,
    challenge: toBytes(challenge),
    ...(user && { user: { ...user, id: toBytes(user.id) } }),
    excludeCredentials: known(excludeCredentials),
    allowCredentials: known(allowCredentials),
  };
}

/** What the browser gave, with texts in place of bytes. */
function textsIn({ id, rawId, type, response }) {
  const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const parts = names.filter((name) => response[name]).map((name) => [name, toText(response[name])]);
  return { id, rawId: toText(rawId), type, response: Object.fromEntries(parts) };
}

function toBytes(text) {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function toText(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
