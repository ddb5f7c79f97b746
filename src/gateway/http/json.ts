import type { Response } from "express";

/**
 * Answers with JSON, given as text. What Express does beyond this (ETags, conditional requests, charsets by type) is
 * nothing that the API has, and costs as much again.
 */
export function sendJson(res: Response, text: string): void {
  res.setHeader("Content-Type", "application/json; charset=utf-8");
  res.setHeader("Content-Length", Buffer.byteLength(text));
  res.end(text);
}
