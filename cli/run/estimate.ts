/** How long a sweep will take, from a few timed steps of each kind of work. */
import type { Preview } from '../../coordinator/api/views.js';
import type { DataSummary } from '../../coordinator/sweep/spec.js';

export async function estimateMs(_preview: Preview, _data: DataSummary | null, _slots: number, _signal: AbortSignal): Promise<string | null> {
  return Promise.resolve(null);
}
