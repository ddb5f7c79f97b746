/**
 * Node's HTTP, and nothing else: whoever imports `node:http` gets all of its exports evaluated, and one of them brings
 * in undici, which costs every start some 30 ms.
 */
export const { Agent, createServer, request } = process.getBuiltinModule("node:http");
