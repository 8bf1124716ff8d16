/** Numbers, durations and times as people read them; times in the viewer's own zone. Pure. */
import type { Json } from '../api/types.js';

const DASH = '–';

/** E.g. 850 ms, 12 s, 3 min 20 s, 2 h 5 min. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return DASH;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${Number((ms / 1_000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** Four digits after the point where that says enough, else four that count; a dash where nothing was measured. */
export function metric(value: number | null | undefined): string {
  if (value === null || value === undefined) return DASH;
  if (value !== 0 && (Math.abs(value) < 0.001 || Math.abs(value) >= 100_000)) return value.toPrecision(4);
  return value.toFixed(4);
}

/** In [0, 1], with four digits after the point, as `trawl predict` prints it. */
export function probability(value: number): string {
  return value.toFixed(4);
}

/** A whole number with its thousands apart. */
export function whole(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 trial`, `2 trials`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${whole(number)} ${number === 1 ? singular : plural}`;
}

/** Epochs `from` up to but not with `to`, counted from 0 as in sweep files, logs and the command line: `Epoch 2`, `Epochs 2 to 6`. */
export function epochsText(from: number, to: number): string {
  return to - from <= 1 ? `Epoch ${from}` : `Epochs ${from} to ${to - 1}`;
}

/** In [0, 1], in whole per cent, rounded down: 100 % is all of it. */
export function percent(share: number): string {
  // 0.29 x 100 is a hair below 29.
  return `${Math.floor(share * 100 + 1e-9)} %`;
}

const timeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const momentFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clockFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/** `iso`: as the API has it, in UTC. */
export function time(iso: string | null): string {
  return iso === null ? DASH : timeFormat.format(new Date(iso));
}

/** To the second. `iso`: as the API has it, in UTC. */
export function moment(iso: string): string {
  return momentFormat.format(new Date(iso));
}

export function clock(at: Date): string {
  return clockFormat.format(at);
}

/** How long something took, or has taken until `now`. */
export function between(from: string, to: string | null, now = Date.now()): string {
  return duration((to === null ? now : Date.parse(to)) - Date.parse(from));
}

const SHOWN_DIGITS = 4;
const WRITTEN_DIGITS = 7;
/** Nobody counts the zeros of 1e+20. */
const EXPONENTIAL_FROM = 1e15;

/** A drawn number shortly, one that a person wrote as it is. */
function numberText(value: number): string {
  if (Math.abs(value) >= EXPONENTIAL_FROM && Number.isFinite(value)) return Number(value.toPrecision(WRITTEN_DIGITS)).toExponential();
  if (!Number.isFinite(value) || Number.isInteger(value) || Number(value.toPrecision(WRITTEN_DIGITS)) === value) return String(value);
  return String(Number(value.toPrecision(SHOWN_DIGITS)));
}

/** A value of an assignment on one line, as the command line shows it: a schedule as name(parameters). */
export function setting(value: Json | undefined): string {
  if (value === undefined || value === null) return DASH;
  if (typeof value === 'number') return numberText(value);
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map(setting).join(', ')}]`;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && only[1] !== null && typeof only[1] === 'object') {
    return `${only[0]}(${Object.entries(only[1]).map(([name, parameter]) => `${name} ${setting(parameter)}`).join(', ')})`;
  }
  return entries.map(([name, parameter]) => `${name} ${setting(parameter)}`).join(', ');
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** In powers of 1000, three digits at most: 512 B, 1.5 kB, 80 GB. */
export function byteCount(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${Number(value.toPrecision(value < 100 ? 2 : 3))} ${UNITS[unit] ?? ''}`;
}

/** Among other words: marks of direction in it turn nothing around it (Unicode UAX 9, 2.4). */
export function isolated(text: string): string {
  return `\u2068${text}\u2069`;
}

/** Shown in full where it is short, else with its beginning and its end, which tell names apart. */
export function shortened(text: string, most = 80): string {
  return text.length <= most ? text : `${text.slice(0, Math.ceil(most * 0.6))}…${text.slice(-Math.floor(most * 0.3))}`;
}
