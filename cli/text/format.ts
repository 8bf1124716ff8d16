/** Numbers, durations and shell words as people read them. Pure. */

/** E.g. 850 ms, 12 s, 3 min 20 s, 2 h 5 min. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return 'unknown';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** A duration that is a guess: not below a second. */
export function wholeSeconds(ms: number): string {
  return duration(Math.max(ms, 1_000));
}

/** E.g. 512 B, 1.5 MB; powers of 1,000. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** Four digits after the point, a dash where nothing was measured. */
export function metric(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : value.toFixed(4);
}

/** `1 image`, `2 images`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? singular : plural}`;
}

/** Significant digits that a person may have written; a sampler draws more, of which so many are shown. */
const WRITTEN_DIGITS = 7;
const SHOWN_DIGITS = 4;
/** Nobody counts the zeros of 1e+20. */
const EXPONENTIAL_FROM = 1e15;

/** A drawn number shortly, and never as the whole number that it is not. */
function numberText(value: number): string {
  if (Math.abs(value) >= EXPONENTIAL_FROM && Number.isFinite(value)) return Number(value.toPrecision(WRITTEN_DIGITS)).toExponential();
  if (!Number.isFinite(value) || Number.isInteger(value) || Number(value.toPrecision(WRITTEN_DIGITS)) === value) return String(value);
  let digits = SHOWN_DIGITS;
  while (digits < WRITTEN_DIGITS && Number.isInteger(Number(value.toPrecision(digits)))) digits += 1;
  return String(Number(value.toPrecision(digits)));
}

/** A value of an assignment on one line: a scalar (a drawn one shortly), a schedule as name(parameters). */
export function settingText(value: unknown): string {
  if (typeof value === 'number') return numberText(value);
  if (value === null || typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map(settingText).join(', ')}]`;
  const entries = Object.entries(value);
  const only = entries.length === 1 ? entries[0] : undefined;
  if (only !== undefined && only[1] !== null && typeof only[1] === 'object') {
    return `${only[0]}(${Object.entries(only[1] as object).map(([name, parameter]) => `${name} ${settingText(parameter)}`).join(', ')})`;
  }
  return entries.map(([name, parameter]) => `${name} ${settingText(parameter)}`).join(', ');
}

/** A size such as 512MB, 2GB or 1500000000, in bytes; null where it is none. Powers of 1,000; KiB, MiB and GiB of 1,024. */
export function parseBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?$/i.exec(text.trim());
  if (match === null) return null;
  const power = ['', 'K', 'M', 'G', 'T'].indexOf((match[2] ?? '').toUpperCase());
  const base = match[3] === '' ? 1_000 : 1_024;
  return Math.round(Number(match[1]) * base ** power);
}
