/**
 * Which blobs a worker's token reaches: it reads the data sets, checkpoints, programs and weights of the work that
 * its workers have leased, and writes while they have a lease, or what they were asked to put back. The
 * names of what it will write are hashes that nobody knows before, so a lease is all that can be asked for.
 */
import { CodedError } from '../../proto/coded-error.js';
import type { BlobId } from '../../proto/work.js';

/** What the leases of a token's workers reach. */
export interface Leased {
  readonly attempts: number;
  /** Manifests of data sets. */
  readonly datasets: ReadonlySet<BlobId>;
  /** Checkpoints, programs and weights. */
  readonly others: ReadonlySet<BlobId>;
  /** Whether workers are asked for their copies of it, which the store has lost. */
  readonly restoring: (blob: BlobId) => boolean;
}

/** `look`: ask whether it is there, as is done before each put. */
export type BlobUse = 'fetch' | 'look' | 'put';

export interface BlobRightsOptions {
  /** Null where the token has opened no session under this leader. */
  readonly leased: (token: string) => Leased | null;
  /** Whether every worker that has a lease from before this leader has had its time to come back. */
  readonly settled: () => boolean;
  /** Of a data set. Rejects with the blob store's errors. */
  readonly packsOf: (manifest: BlobId) => Promise<ReadonlySet<BlobId>>;
}

/** A worker's token asked for what no lease of its workers needs. */
export class BlobNotLeased extends CodedError {
  readonly code = 'BlobNotLeased';
  constructor(use: BlobUse, blob: BlobId) {
    super(use === 'fetch' ? `no lease of this token's workers needs the blob ${blob}; a token of role viewer reads all blobs` : `no worker of this token has a lease, so it stores nothing; a token of role operator stores blobs`);
  }
}

/** After a change of leaders, before the worker was heard of. */
export class LeasesUnsettled extends CodedError {
  readonly code = 'LeasesUnsettled';
  constructor() {
    super("this coordinator has just taken the lead and has not heard of this token's workers yet; try again");
  }
}

export class BlobRights {
  readonly #options: BlobRightsOptions;

  constructor(options: BlobRightsOptions) {
    this.#options = options;
  }

  /** Throws BlobNotLeased, LeasesUnsettled, and the blob store's errors. */
  async require(token: string, use: BlobUse, blob: BlobId): Promise<void> {
    const leased = this.#options.leased(token);
    if (leased !== null && (await this.#reaches(leased, use, blob))) return;
    throw this.#options.settled() ? new BlobNotLeased(use, blob) : new LeasesUnsettled();
  }

  async #reaches({ attempts, datasets, others, restoring }: Leased, use: BlobUse, blob: BlobId): Promise<boolean> {
    if (use !== 'fetch') return attempts > 0 || restoring(blob);
    if (datasets.has(blob) || others.has(blob)) return true;
    for (const manifest of datasets) if ((await this.#options.packsOf(manifest)).has(blob)) return true;
    return false;
  }
}
