/**
 * The messages between a process and its engine's thread. Everything is copied on the way. Requests and replies travel
 * as JSON, which costs half as much to copy as objects.
 */
import type { MessagePort } from "node:worker_threads";
import type { Message } from "../../protocol/records.ts";
import type { Reply } from "../decide/response.ts";
import type { SharedTime } from "./shared-time.ts";

/** What the thread is started with. */
export interface ThreadStart {
  /** Folder that holds `engine.db`. */
  readonly dataDir: string;
  /** How long trees of promises are kept after their end, in ms. Undefined: for good. */
  readonly keepMs: number | undefined;
  /** Whether it keeps the projection that the thread's file knows. Default: no. */
  readonly isProjected?: boolean;
  /** Whether it keeps the trail that the thread's file knows. Default: no. */
  readonly isTrailed?: boolean;
  /** Where other processes of this machine reach the engine; undefined: nowhere. */
  readonly serve: { readonly port: number; readonly token: string } | undefined;
}

/** What other threads know of the engine. */
export interface EngineKnown {
  readonly bootId: string;
  readonly time: SharedTime;
}

/** A value as text. */
type Json<_Value> = string;

/** A request, with a number that its reply repeats. */
export type Asked = [n: number, request: unknown];

export interface Told {
  readonly replies: [n: number, reply: Reply][];
  readonly messages: [connection: number, message: Message][];
}

/** On each line from another thread to the engine's. */
export type PortOrder =
  /** Requests of one turn of the event loop. */
  | { readonly kind: "ask"; readonly requests: Json<Asked[]> }
  /** A worker of that thread begins to take messages; `connection` names it from now on. */
  | { readonly kind: "connect"; readonly connection: number; readonly group: string; readonly pid: string }
  | { readonly kind: "disconnect"; readonly connection: number };

/** On each line from the engine's thread to another. */
export type PortNews =
  | { readonly kind: "tell"; readonly told: Json<Told> }
  /** Another worker of the same name has taken its place. */
  | { readonly kind: "replaced"; readonly connection: number };

/** From the thread that started the engine's. */
export type ToThread =
  | PortOrder
  /** Serves another thread, at the other end of this port. */
  | { readonly kind: "attach"; readonly port: MessagePort }
  /** Starts the guest, with what it needs to know. */
  | { readonly kind: "host"; readonly what: unknown }
  /** Stops the guest. */
  | { readonly kind: "dismiss" }
  /** Answers what was asked, and ends the thread. */
  | { readonly kind: "close" };

export type FromThread =
  | PortNews
  | ({ readonly kind: "open"; readonly url: string | undefined } & EngineKnown)
  | { readonly kind: "hosted"; readonly error?: unknown }
  | { readonly kind: "dismissed"; readonly error?: unknown }
  /** From the guest, to those who asked for it. */
  | { readonly kind: "said"; readonly what: unknown }
  | {
      readonly kind: "log";
      readonly level: "warn" | "error";
      readonly fields: object;
      readonly message: string;
    };

/**
 * As text, in one piece; in several pieces if the text would exceed the maximum length of a string, for example with a
 * hundred large results.
 */
export function inPieces<T>(lists: T, halve: (lists: T) => readonly T[]): Json<T>[] {
  try {
    return [JSON.stringify(lists)];
  } catch (error) {
    const halves = error instanceof RangeError ? halve(lists) : [];
    if (halves.length < 2) throw error;
    return halves.flatMap((half) => inPieces(half, halve));
  }
}

/** Two lists of one, in its order; one list where there is nothing to part. */
export function halvesOf<T>(list: T[]): T[][] {
  const middle = list.length >> 1;
  return middle === 0 ? [list] : [list.slice(0, middle), list.slice(middle)];
}
