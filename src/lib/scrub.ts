/** Text without mail addresses, signed tokens and the user part of URLs. */
export function scrub(text: string): string {
  return text
    .replace(/\/\/[^\s/@]+@/g, "//[secret]@")
    .replace(/[\w.-]+/g, (run) => (holdsToken(run) ? "[token]" : run))
    .replace(/[^\s<>"'`,;:()[\]{}/]+/g, (run) => (ADDRESS.test(run) ? "[address]" : run));
}

// Both are looked for in runs of characters, so that a long text is read once and not again from each character.

/** Three parts in a row, of which the first is base64 of a JSON object. */
function holdsToken(run: string): boolean {
  return run
    .split(".")
    .slice(0, -2)
    .some((part) => part.includes("eyJ"));
}

const ADDRESS = /@[^@]+\.[A-Za-z]{2}/;
