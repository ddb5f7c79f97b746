import { LocalNetwork } from "@resonatehq/sdk";
import type { Envelope } from "../support/engine-requests.ts";

/** The part of the SDK's in-memory server that a comparison needs; it is a private member of `LocalNetwork`. */
interface Server {
  apply(now: number, request: Envelope): { response: OracleResponse; changes: OracleChange[] };
  readonly promises: Map<string, OraclePromise>;
  readonly tasks: Map<string, { readonly id: string; readonly state: string; readonly version: number }>;
  readonly tTimeouts: { id: string; type: number; timeout: number }[];
  readonly schedules: Map<string, object>;
  readonly sTimeouts: { id: string; timeout: number }[];
  toScheduleRecord(schedule: object): object;
}

export interface OraclePromise {
  readonly id: string;
  readonly state: string;
  readonly tags: Record<string, string>;
  readonly timeoutAt: number;
  readonly callbacks: Set<string>;
}

export interface OracleResponse {
  readonly head: { readonly status: number };
  readonly data: unknown;
}

type OracleChange = { kind: string; address?: string; message?: unknown };

export interface OracleMessage {
  readonly address: string;
  readonly message: { readonly kind: string; readonly data: Record<string, Record<string, unknown>> };
}

/** The SDK's server, driven step by step with the time given. */
export class Oracle {
  readonly server: Server;

  constructor() {
    this.server = (new LocalNetwork() as unknown as { server: Server }).server;
  }

  step(now: number, request: Envelope): { response: OracleResponse; messages: OracleMessage[] } {
    // It keeps what it is given.
    const { response, changes } = this.server.apply(now, structuredClone(request));
    return { response: plain(response), messages: messagesIn(changes) };
  }

  snapshot(): Record<string, unknown> {
    const { response } = this.step(0, { kind: "debug.snap", head: { corrId: "", version: "" }, data: {} });
    return response.data as Record<string, unknown>;
  }

  schedules(): Record<string, unknown>[] {
    return [...this.server.schedules.values()].map((each) =>
      plain(this.server.toScheduleRecord(each)),
    ) as Record<string, unknown>[];
  }

  get(id: string): OraclePromise | undefined {
    return this.server.promises.get(id);
  }
}

function messagesIn(changes: readonly OracleChange[]): OracleMessage[] {
  return changes
    .filter((change) => change.kind === "message.send")
    .map(({ address, message }) => plain({ address, message }) as OracleMessage);
}

/** Without the members that are undefined. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}
