/** One instant in words, for people in different places. */
export interface DateText {
  /** ISO 8601 in UTC, for `<time datetime>`. */
  readonly iso: string;
  /** In the reader's language and zone, with the zone's name. */
  readonly local: string;
  /** `2026-11-21 13:00 UTC`; undefined when the reader's zone is UTC already. */
  readonly utc: string | undefined;
  /** BCP 47 tag of `local`, so that screen readers pronounce it right. */
  readonly lang: string;
}

/**
 * Writes an instant (ms since 1970) for a reader. Without a locale it is British English, whose dates nobody reads
 * month first; without a zone it is UTC. Tags that this Node does not know fall back to these.
 */
export function dateText(atMs: number, reader: { locale?: string; timeZone?: string } = {}): DateText {
  const { format, utcOnly, lang } = formatFor(
    reader.locale ?? FALLBACK.locale,
    reader.timeZone ?? FALLBACK.zone,
  );
  const iso = new Date(atMs).toISOString();
  return {
    iso,
    local: format.format(atMs),
    utc: utcOnly ? undefined : `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`,
    lang,
  };
}

/**
 * How far away an instant is, such as `in 5 days`: in days from two days on, then in hours, and below two hours in
 * minutes. It is rounded towards now, but not for the little that has passed since somebody asked: a request for five days
 * says so for an hour. Undefined for an instant that has passed.
 */
export function relativeText(atMs: number, nowMs: number, locale: string): string | undefined {
  if (atMs <= nowMs) return undefined;
  const inMs = atMs - nowMs;
  const format = relativeFormatFor(locale);
  const days = Math.floor((inMs + HOUR_MS) / (24 * HOUR_MS));
  if (days >= 2) return format.format(days, "day");
  const hours = Math.floor((inMs + 3 * MINUTE_MS) / HOUR_MS);
  if (hours >= 2) return format.format(hours, "hour");
  return format.format(Math.max(1, Math.floor((inMs + 10_000) / MINUTE_MS)), "minute");
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const relativeFormats = new Map<string, Intl.RelativeTimeFormat>();

function relativeFormatFor(locale: string): Intl.RelativeTimeFormat {
  const known = relativeFormats.get(locale);
  if (known !== undefined) return known;
  if (relativeFormats.size >= FORMATS_MAX) relativeFormats.clear();
  const made = new Intl.RelativeTimeFormat(locale);
  relativeFormats.set(locale, made);
  return made;
}

const FALLBACK = { locale: "en-GB", zone: "UTC" } as const;

interface Format {
  readonly format: Intl.DateTimeFormat;
  readonly utcOnly: boolean;
  readonly lang: string;
}

/** Making a formatter costs about 50 times as much as using it. */
const formats = new Map<string, Format>();
/** Locales times zones in use at one time; beyond that the memory would be the caller's to fill. */
const FORMATS_MAX = 200;

function formatFor(locale: string, timeZone: string): Format {
  const key = `${locale}|${timeZone}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  if (formats.size >= FORMATS_MAX) formats.clear();
  const made = makeFormat(locale, timeZone);
  formats.set(key, made);
  return made;
}

function makeFormat(locale: string, timeZone: string): Format {
  const format =
    formatOrNone(locale, timeZone) ??
    formatOrNone(FALLBACK.locale, timeZone) ??
    formatOrNone(locale, FALLBACK.zone) ??
    new Intl.DateTimeFormat(FALLBACK.locale, { ...SHAPE, timeZone: FALLBACK.zone });
  const resolved = format.resolvedOptions();
  return { format, utcOnly: resolved.timeZone === "UTC", lang: resolved.locale };
}

const SHAPE = {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "numeric",
  minute: "2-digit",
  timeZoneName: "short",
} as const;

function formatOrNone(locale: string, timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat(locale, { ...SHAPE, timeZone });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
