import { Boards } from '../../coordinator/api/board.js';
import { Models } from '../../coordinator/api/models.js';
import { Sessions } from '../../coordinator/access/sessions.js';
import { EventFeed } from '../../coordinator/api/event-feed.js';
import { Pages } from '../../coordinator/api/pages.js';
import { TrialLogs } from '../../coordinator/api/trial-logs.js';
import type { BrowserSession } from '../../coordinator/store/records.js';
import { Stages } from '../../coordinator/api/stages.js';
import type { Store } from '../../coordinator/store/store.js';
import { Access } from '../../coordinator/access/access.js';

/** Lets in whoever has the one token, as an admin; there are no others. */
export function accessBy(token: string): Access {
  return new Access({
    store: { findTokens: async () => [], noteTokens: async () => undefined },
    homeToken: token,
    homeActor: 'test',
    logger: { warn: () => undefined },
  });
}

/** For servers without a leader. */
export const ALL_BLOBS = { require: async (): Promise<void> => undefined };

/** For servers without data sets. */
export async function NO_PICTURES(): Promise<never> {
  throw new Error('there are no images here');
}

const nobody = (): Promise<never> => Promise.reject(new Error('nobody opens models in this test'));

/** For servers that are asked nothing about models. */
const NO_MODELS = new Models({
  service: { trial: nobody, ensemble: nobody },
  store: { evaluationsByKey: nobody },
  blobs: { put: nobody, putFile: nobody, open: nobody, openFrom: nobody, has: nobody, fetch: nobody, size: nobody, delete: nobody },
  process: { ask: nobody },
});

/** Browsers' sessions, as the store keeps them. */
export class KeptSessions {
  readonly #kept = new Map<string, BrowserSession>();
  openBrowserSession = async (session: BrowserSession): Promise<void> => void this.#kept.set(session.hash, session);
  findBrowserSession = async (hash: string): Promise<BrowserSession | null> => this.#kept.get(hash) ?? null;
  endBrowserSession = async (hash: string): Promise<void> => void this.#kept.delete(hash);
}

/** What pages need of a server, where nothing ever happens. */
export function pageParts(): { readonly sessions: Sessions; readonly feed: EventFeed; readonly logs: TrialLogs; readonly pages: Pages; readonly stages: Stages; readonly models: Models } {
  const store = { events: async () => [], lastEvent: async () => 0, recordedSeq: async () => 0, recordingsAfter: async (seq: number) => ({ seq, sweeps: [] }) };
  return { sessions: new Sessions({ store: new KeptSessions(), logger: { warn: () => undefined } }), feed: new EventFeed({ store, logger: { warn: () => undefined } }), logs: new TrialLogs({ store: {} as Store, project: 'default', leader: { followLogs: () => [] }, logger: { warn: () => undefined } }), pages: new Pages({ store: {} as Store, boards: new Boards({} as Store), project: 'default' }), stages: new Stages({ store: {} as Store, leader: { stagesInProgress: () => [] }, project: 'default' }), models: NO_MODELS };
}
