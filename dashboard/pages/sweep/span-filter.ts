/** Spans as a formula over the columns of the leaderboard, as `trawl trials --filter` takes it. Pure. */
import type { Json } from '../../api/types.js';
import { setting } from '../../text/format.js';
import type { Dimension } from './dimension.js';
import type { PlotTrial } from './points.js';
import type { Span } from './spans.js';

/** Longer formulas the API refuses. */
export const LONGEST_FILTER = 2_000;
/** Columns of their own in the leaderboard: hyperparameters of these names are written in full. */
const OWN = new Set(['place', 'trial', 'id', 'state', 'objective', 'replicate', 'mean', 'spread', 'epochs', 'bestEpoch', 'metricsEpoch', 'params', 'secondsPerEpoch', 'rank']);

export interface Filtered {
  /** All that are drawn: what a category means is known from them. */
  readonly shown: readonly PlotTrial[];
  /** Of those, the ones within the spans. */
  readonly inside: readonly PlotTrial[];
  /** There are more than are drawn. */
  readonly isSample: boolean;
}

/**
 * Holds for every trial within the spans: in the values of their axes, the last of which is the objective. Where a span
 * holds what formulas cannot say, such as schedules, by the trials' numbers (`inside`); null where that is too long, or they are a sample of more.
 */
export function filterOf(spans: readonly Span[], axes: readonly Dimension[], { shown, inside, isSample }: Filtered): string | null {
  const parts = spans.flatMap((span) => {
    const axis = axes.find(({ name }) => name === span.name);
    return axis === undefined ? [] : [partOf(span, axis, axis === axes.at(-1) ? 'objective' : columnOf(axis.name), shown)];
  });
  const isWritten = parts.every((part) => part !== null);
  if (!isWritten && isSample) return null;
  const written = isWritten ? parts.join(' && ') : inside.map(({ number }) => `trial == ${number}`).join(' || ');
  return written === '' || written.length > LONGEST_FILTER ? null : written;
}

/** Null for a name that formulas do not take. */
function columnOf(name: string): string | null {
  if (!/^[\p{L}_$][\p{L}\d_$]*(\.[\p{L}_$][\p{L}\d_$]*)*$/u.test(name)) return null;
  return OWN.has(name) ? `settings.${name}` : name;
}

function partOf(span: Span, axis: Dimension, column: string | null, shown: readonly PlotTrial[]): string | null {
  if (column === null) return null;
  if (!('categories' in span)) return `${column} >= ${span.from} && ${column} <= ${span.to}`;
  const values = new Map(shown.map((trial) => [setting(axis.of(trial)), axis.of(trial)]));
  // One that no trial has adds none.
  const kept = span.categories.filter((text) => values.has(text)).map((text) => literalOf(values.get(text) ?? null));
  if (kept.length === 0 || kept.includes(null)) return null;
  return `(${kept.map((literal) => `${column} == ${literal ?? ''}`).join(' || ')})`;
}

function literalOf(value: Json): string | null {
  return value === null || typeof value === 'object' ? null : JSON.stringify(value);
}
