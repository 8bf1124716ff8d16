/**
 * The search for an ensemble, in a thread of its own: it takes seconds for hundreds of models over
 * thousands of images, and the coordinator has leases to renew meanwhile. What is searched for, and
 * how, is coordinator/ensemble's.
 */
import { Worker, parentPort, workerData } from 'node:worker_threads';
import { scoreBy, type Truth } from '../ensemble/measure.js';
import { selectGreedy, type Candidate, type Selection } from '../ensemble/select.js';

/** What the thread is given. */
interface Search {
  readonly search: true;
  /** Best first. */
  readonly candidates: readonly Candidate[];
  readonly metric: string;
  readonly direction: 'maximize' | 'minimize';
  readonly truth: Truth;
  readonly maxMembers: number;
}

/** As `Selection`, with numbers of trials in the place of candidates. */
interface Chosen {
  readonly members: readonly { readonly number: number; readonly weight: number }[];
  readonly path: readonly { readonly number: number; readonly members: number; readonly value: number }[];
  readonly rounds: number;
}

export type SearchOptions = Omit<Search, 'search' | 'candidates'>;

/** As `selectGreedy`. Rejects with what ended the thread. */
export async function searchEnsemble<C extends Candidate>(candidates: readonly C[], options: SearchOptions): Promise<Selection<C>> {
  const plain = candidates.map(({ number, probabilities }) => ({ number, probabilities }));
  const { members, path, rounds } = await inThread({ ...options, search: true, candidates: plain });
  const named = new Map(candidates.map((candidate) => [candidate.number, candidate]));
  return {
    members: members.flatMap(({ number, weight }) => {
      const candidate = named.get(number);
      return candidate === undefined ? [] : [{ candidate, weight, probabilities: candidate.probabilities }];
    }),
    path: path.flatMap(({ number, ...step }) => {
      const candidate = named.get(number);
      return candidate === undefined ? [] : [{ candidate, ...step }];
    }),
    rounds,
  };
}

function inThread(search: Search): Promise<Chosen> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: search });
    thread.once('message', (chosen: Chosen) => resolve(chosen));
    thread.once('error', reject);
    // After a message this rejects what is resolved already.
    thread.once('exit', (code) => reject(new Error(`the search for an ensemble ended with exit code ${code}`)));
  });
}

function isSearch(data: unknown): data is Search {
  return typeof data === 'object' && data !== null && 'search' in data && data.search === true;
}

if (parentPort !== null && isSearch(workerData)) {
  const { candidates, metric, direction, truth, maxMembers } = workerData;
  const { members, path, rounds } = selectGreedy(candidates, scoreBy(metric, direction, truth), maxMembers);
  const chosen: Chosen = {
    members: members.map(({ candidate, weight }) => ({ number: candidate.number, weight })),
    path: path.map(({ candidate, ...step }) => ({ number: candidate.number, ...step })),
    rounds,
  };
  parentPort.postMessage(chosen);
}
