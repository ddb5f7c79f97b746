/** Stands between one process and PostgreSQL, so that a test sees every statement and can end the connection at any of them. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** `statement`: PostgreSQL has not heard of it. `answer`: it is done, and whoever sent it does not know yet. */
export type StatementMoment = "statement" | "answer";

export interface PostgresProxy extends AsyncDisposable {
  /** The URL of the database through this proxy. */
  readonly url: string;
  /** Statements so far. */
  readonly statements: readonly string[];
  /** Cuts all connections at the `nth` statement from now on (0: the next), once, and tells it. */
  cutAt(nth: number, moment: StatementMoment, tell?: () => void): void;
  /** No longer. */
  cutNever(): void;
  /** From now on nothing gets through, in either direction, until it is called with false. */
  hang(isHanging: boolean): void;
}

export async function startPostgresProxy(databaseUrl: string): Promise<PostgresProxy> {
  const target = new URL(databaseUrl);
  const own = new URL(databaseUrl);
  const statements: string[] = [];
  const open = new Set<Socket>();
  let cut: { left: number; readonly moment: StatementMoment; readonly tell: () => void } | undefined;
  let isHanging = false;

  const cutAll = (): void => {
    const tell = cut?.tell;
    cut = undefined;
    for (const socket of open) socket.destroy();
    tell?.();
  };

  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    /** Whether the answer to the statement that was waited for is to be kept back. */
    let isLast = false;
    let rest: Buffer = Buffer.alloc(0);
    let hasBegun = false;
    near.on("data", (data: Buffer) => {
      rest = Buffer.concat([rest, data]);
      // The first message has no type.
      for (;;) {
        const head = hasBegun ? 1 : 0;
        if (rest.length < head + 4) return;
        const length = head + rest.readInt32BE(head);
        if (rest.length < length) return;
        const message = rest.subarray(0, length);
        rest = rest.subarray(length);
        const type = hasBegun ? String.fromCharCode(message[0] ?? 0) : "";
        hasBegun = true;
        if (type === "Q" || type === "P") {
          statements.push(message.subarray(5).toString().replaceAll("\0", " ").trim());
          if (cut !== undefined) {
            if (cut.left === 0 && cut.moment === "statement") return cutAll();
            if (cut.left === 0) isLast = true;
            cut.left -= 1;
          }
        }
        if (!isHanging) far.write(message);
      }
    });
    far.on("data", (data: Buffer) => {
      // Answers to what came before are through: one statement at a time is under way on a connection.
      if (isLast) return cutAll();
      if (!isHanging) near.write(data);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  own.port = String(port);
  return {
    url: own.href,
    statements,
    cutAt(nth, moment, tell = () => {}) {
      cut = { left: nth, moment, tell };
    },
    cutNever() {
      cut = undefined;
    },
    hang(now) {
      isHanging = now;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
