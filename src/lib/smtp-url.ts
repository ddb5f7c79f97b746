import { domainToASCII } from "node:url";

/** The mail server that takes our mails, and the login there. */
export interface SmtpRelay {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte on; otherwise by STARTTLS. */
  readonly secure: boolean;
  readonly auth?: { readonly user: string; readonly pass: string };
}

/**
 * Reads `smtp://host`, `smtps://user:password@host:port`.
 *
 * @returns the relay, or what is wrong, as the end of a sentence that begins with the setting's name. It repeats
 *   nothing of the text, which may hold a password.
 */
export function parseSmtpUrl(text: string): SmtpRelay | string {
  const [, scheme, login, host = "", port, rest = ""] = PARTS.exec(text) ?? [];
  if (scheme === undefined || host === "") return `${FORM}${encodingHint(text)}`;
  const name = hostName(host);
  if (name === undefined) return `${FORM}: its host is no host name and no address${encodingHint(text)}`;
  if (port !== undefined && !isPort(port)) {
    return `must have a port from 1 to 65535 after the host${encodingHint(text)}`;
  }
  if (rest !== "" && rest !== "/") return `must end after host and port${encodingHint(text)}`;
  const secure = scheme.toLowerCase() === "smtps";
  const relay = { host: name, port: port === undefined ? (secure ? 465 : 587) : Number(port), secure };
  if (login === undefined) return relay;
  const auth = readLogin(login);
  return typeof auth === "string" ? auth : { ...relay, auth };
}

const FORM = "must be smtp://host:port or smtps://host:port, with user:password@ before the host if needed";

/** By hand, because to `URL` the host of an `smtp:` is any text, and an error in it has no name. */
const PARTS = /^(smtps?):\/\/(?:([^/?#]*)@)?(\[[^\]/?#@]*\]|[^:/?#@[\]]*)(?::([^/?#]*))?([/?#].*)?$/isu;

/** If a password was not encoded, a part of it may be where the host or the path should be. */
function encodingHint(text: string): string {
  return text.includes("@") ? ENCODE : "";
}

const ENCODE = ". In user and password, write : as %3A, / as %2F, ? as %3F, # as %23, @ as %40 and % as %25";

function hostName(host: string): string | undefined {
  if (host.startsWith("[")) {
    const address = URL.parse(`http://${host}/`)?.hostname;
    return address?.slice(1, -1);
  }
  // As URLs of the web read a host: international names, and nothing that no name may hold.
  const name = host.includes("%") ? "" : domainToASCII(host);
  return HOST_NAME.test(name) ? name : undefined;
}

/** Labels of at most 63 characters, 253 in all (RFC 1123 §2.1); with the underscore of names within a network. */
const HOST_NAME =
  /^(?=.{1,253}\.?$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/u;

function isPort(text: string): boolean {
  return /^\d{1,5}$/u.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

function readLogin(login: string): { readonly user: string; readonly pass: string } | string {
  const [user, pass] = login.split(/:(.*)/su, 2).map(decoded);
  if (user === undefined || (pass === undefined && login.includes(":"))) {
    return `must have user and password percent-encoded: a % is followed by no two hexadecimal digits, or by none of UTF-8${ENCODE}`;
  }
  if (user === "" || pass === undefined || pass === "") {
    return "must have both user and password before the @, as user:password@host, or neither";
  }
  if (/\p{Cc}/u.test(user + pass)) return "must have no control characters in user and password";
  return { user, pass };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
