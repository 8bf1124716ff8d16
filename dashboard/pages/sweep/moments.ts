/** The objective of trials in the order in which they completed, for a chart and its table. Pure. */
import type { Answers } from '../../api/types.js';
import { count, metric, whole } from '../../text/format.js';

type Series = Answers['GET /sweeps/:sweep/series'];

export interface Moment {
  readonly seconds: number;
  readonly number: number;
  readonly value: number | null;
  readonly best: number | null;
  readonly goesOn: Series['points'][number]['goesOn'];
}

/** Every trial that is drawn, in order, each with the best until then: it holds until there is a better one. */
export function momentsOf({ points, best }: Pick<Series, 'points' | 'best'>): Moment[] {
  const bests = new Set(best.map(({ id }) => id));
  const all = [...new Map([...points, ...best].map((point) => [point.id, point])).values()].map((point) => ({ ...point, seconds: Date.parse(point.at) / 1_000 })).sort((a, b) => a.seconds - b.seconds || a.number - b.number);
  let so: number | null = null;
  return all.map(({ id, number, seconds, value, goesOn }) => {
    if (bests.has(id)) so = value;
    return { seconds, number, value, best: so, goesOn };
  });
}

/** The best, and of how many: results from before the sweep was changed are told apart from completed trials. */
export function summaryOf({ points, best, of }: Pick<Series, 'points' | 'best' | 'of'>): string {
  const isSample = points.length < of;
  const former = points.filter(({ goesOn }) => goesOn !== null).length;
  const results = former === 0 ? `${whole(of)} completed` : `${count(of, 'result')}, ${isSample ? 'some' : whole(former)} of them from before the sweep was changed`;
  const sample = isSample ? `; a sample of ${whole(points.length)} of them is drawn` : '';
  return `${best.length === 0 ? 'None keeps to the limits of the objective yet' : `Best ${metric(best.at(-1)?.value)}`}, of ${results}${sample}`;
}
