/** Which slot of a worker was at what, as far as the times of attempts tell. Pure. */
import type { AttemptSpan } from '../../api/types.js';

export interface Lane {
  /** Its first lane bears its name. */
  readonly worker: string;
  readonly isFirst: boolean;
  readonly spans: readonly AttemptSpan[];
}

/** Workers by name; an attempt goes to the first lane of its worker that was free when it began. */
export function lanesOf(attempts: readonly AttemptSpan[]): Lane[] {
  const byWorker = new Map<string, AttemptSpan[]>();
  for (const attempt of attempts) {
    const own = byWorker.get(attempt.worker);
    if (own === undefined) byWorker.set(attempt.worker, [attempt]);
    else own.push(attempt);
  }
  const workers = [...byWorker.values()].toSorted((a, b) => (a[0]?.name ?? '').localeCompare(b[0]?.name ?? '', 'en', { numeric: true }));
  return workers.flatMap((own) => {
    const lanes: { readonly spans: AttemptSpan[]; freeAt: number }[] = [];
    for (const span of own.toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt))) {
      const startedAt = Date.parse(span.startedAt);
      let lane = lanes.find(({ freeAt }) => freeAt <= startedAt);
      if (lane === undefined) lanes.push((lane = { spans: [], freeAt: 0 }));
      lane.spans.push(span);
      lane.freeAt = span.endedAt === null ? Infinity : Date.parse(span.endedAt);
    }
    return lanes.map(({ spans }, index): Lane => ({ worker: own[0]?.name ?? '', isFirst: index === 0, spans }));
  });
}
