import { threadHost } from './sampler-host.js';
import { searchOf } from '../sampler/search.js';
import type { SweepRecord } from '../store/records.js';
import { costsFor } from '../sweep/costs.js';
import { replicatesOf } from '../sweep/replicates.js';
import { Resolver } from '../sweep/resolve.js';
import type { Proposing } from './model.js';
import { SweepProposing } from './proposing.js';

/** Proposes the trials of a sweep that does not know them all at its start, in a thread beside the leader. */
export function proposingOf(record: SweepRecord): Proposing | null {
  const search = searchOf(record.spec, costsFor(record.spec, record.data, null));
  return search === null ? null : new SweepProposing(search, threadHost(record.spec), new Resolver({ spec: record.spec, data: record.data, numerics: record.numerics, module: null }), replicatesOf(record.spec), record.warmStart?.trials);
}
