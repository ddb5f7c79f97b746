/**
 * What a process says when it cannot start: for everything that settings or the machine can cause, a sentence that names
 * the setting; the stack only for what is a fault of ours.
 */
export function startProblem(error: unknown): string {
  if (!(error instanceof Error)) return `Cannot start: ${String(error)}`;
  if (FOR_OPERATORS.includes(error.name) || SAYS_WHAT_TO_CHANGE.test(error.message)) return error.message;
  const said = systemProblem(error);
  return said === undefined ? (error.stack ?? error.message) : `Cannot start: ${said}`;
}

/** Errors that say by their words what to change; a stack would hide it. */
const FOR_OPERATORS: readonly string[] = ["ConfigError", "KeyFileError"];
const SAYS_WHAT_TO_CHANGE = /^Cannot (?:start|open|use)\b/;

interface SystemError extends NodeJS.ErrnoException {
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
}

function systemProblem(error: SystemError): string | undefined {
  const { code = "", syscall, path, address = "", port, hostname = "" } = error;
  const ports = "PORT, ENGINE_PORT or MAILBOX_PORT";
  if (syscall === "listen" || code === "EADDRINUSE") {
    const where = port === undefined ? address : `${address}:${port}`;
    if (code === "EADDRINUSE") {
      return `another program listens at ${where}. Stop it, or set another port: ${ports}`;
    }
    if (code === "EACCES") {
      return `this user may not listen at ${where}. Set a port from 1024 on: ${ports}`;
    }
    return `nothing can listen at ${where} (${code}). Set HOST to an address that this machine has`;
  }
  if (syscall === "getaddrinfo") {
    return `the name ${hostname} is not known here (${code}). Set HOST to an address that this machine has`;
  }
  if (path !== undefined && syscall !== undefined) {
    return `${path} cannot be used: ${error.message}. Set DATA_DIR, or AUDIT_DIR if it is set, to a folder that this user may write to`;
  }
  return undefined;
}
