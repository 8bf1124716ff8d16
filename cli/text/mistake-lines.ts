/** The mistakes of a sweep file as a person reads them. Pure. */
import { formatMistake, type Mistake } from '../../coordinator/sweep/parse.js';
import { count } from './format.js';

/** A file that is no sweep file has a mistake on every line. */
const MOST_MISTAKES = 20;

/** A line each, and how many more there are. */
export function mistakeLines(name: string, mistakes: readonly Mistake[]): string {
  const rest = mistakes.length - MOST_MISTAKES;
  const lines = mistakes.slice(0, MOST_MISTAKES).map((mistake) => formatMistake(name, mistake));
  return [...lines, ...(rest > 0 ? [`${name}: and ${count(rest, 'more mistake')}`] : [])].join('\n');
}
