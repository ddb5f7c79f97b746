/**
 * Base32 (RFC 4648 §6) in small letters and without padding, for places where capitals are not kept apart from small ones: the
 * part of a mail address before the `@`, which some mail systems put into small letters.
 */
const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";
const BITS = 5;

export function toBase32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= BITS) {
      bits -= BITS;
      text += LETTERS[(held >> bits) & 31];
    }
  }
  return bits === 0 ? text : text + LETTERS[(held << (BITS - bits)) & 31];
}

/** Undefined if it is not what {@link toBase32} makes of some bytes, in letters of either size. */
export function fromBase32(text: string): Buffer | undefined {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const letter of text.toLowerCase()) {
    const value = LETTERS.indexOf(letter);
    if (value === -1) return undefined;
    held = ((held << BITS) | value) & 0xfff;
    bits += BITS;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 0xff);
    }
  }
  const isRound = bits < BITS && (held & ((1 << bits) - 1)) === 0;
  return isRound ? Buffer.from(bytes) : undefined;
}
