import { afterEach } from "vitest";
import { brokenInOpenSites } from "./site.ts";

// A site looks at its engine's file when it ends; those that serve several tests, after each of them, too.
afterEach(() => {
  const broken = brokenInOpenSites();
  if (broken.length > 0) throw new Error(broken.join("\n"));
});
