/** The client of Countersign's API: `fetch` and Web Crypto, nothing else. */
export type * from "./api-types.ts";
export {
  type BeginOptions,
  type Client,
  createClient,
  type ListOptions,
  type PageOptions,
  type WaitOptions,
} from "./client.ts";
export { CountersignError } from "./problem.ts";
export type { ClientOptions } from "./transport.ts";
export {
  type CallbackRefusal,
  CallbackVerificationError,
  type Delivery,
  type VerifiedCallback,
  type VerifyOptions,
  verifyCallback,
} from "./verify-callback.ts";
