/** The colours of the present theme, as values: what is drawn is exported as it is seen. */
import { theme, type Theme } from '../state/theme.js';

export interface Colours {
  readonly theme: Theme;
  readonly surface: string;
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly accent: string;
  readonly series: readonly string[];
  /** `share`: from 0, the worst, to 1. */
  readonly ramp: (share: number) => string;
}

/** Whoever renders with it is rendered again when the theme changes. */
export function useColours(): Colours {
  const stops = [1, 2, 3, 4].map((stop) => channels(token(`--ramp-${stop}`)));
  return {
    theme: theme.value,
    surface: token('--surface'),
    text: token('--text'),
    muted: token('--muted'),
    grid: token('--grid'),
    accent: token('--accent'),
    series: [1, 2, 3, 4, 5, 6, 7, 8].map((series) => token(`--series-${series}`)),
    ramp: (share) => mixed(stops, share),
  };
}

type Channels = readonly [number, number, number];

function channels(hex: string): Channels {
  const at = (from: number): number => Number.parseInt(hex.slice(from, from + 2), 16) || 0;
  return [at(1), at(3), at(5)];
}

function mixed(stops: readonly Channels[], share: number): string {
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const below = Math.min(Math.floor(place), stops.length - 2);
  const [from, to] = [stops[below], stops[below + 1]];
  if (from === undefined || to === undefined) return '#000000';
  const parts = from.map((channel, index) => Math.round(channel + (place - below) * ((to[index] ?? 0) - channel)));
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** Black or white, whichever stands out from a colour: by relative luminance (WCAG 2, 1.4.3). */
export function readableOn(hex: string): string {
  const [r, g, b] = channels(hex).map((channel) => (channel / 255 <= 0.04045 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
  return luminance > 0.179 ? '#000000' : '#ffffff';
}

/** As tokens.css has it. */
export function seriesColour(colour: number): string {
  return token(`--series-${((colour - 1) % 8) + 1}`);
}

export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
