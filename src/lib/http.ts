/**
 * Node's HTTP, and nothing else: an import of `node:http` evaluates all of its exports, and one of them loads undici,
 * which costs every start some 30 ms.
 */
export const { Agent, createServer, get, IncomingMessage, request, ServerResponse } =
  process.getBuiltinModule("node:http");
