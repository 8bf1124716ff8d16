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
