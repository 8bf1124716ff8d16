/** fetch that trusts a private CA, and shows a certificate where one is asked for: Node's own trusts only what the whole process does. */

/** Contents of PEM files. */
export interface Trust {
  /** Null for the authorities that Node knows. */
  readonly ca: string | null;
  /** What this side shows; null for nothing. */
  readonly own: { readonly cert: string; readonly key: string } | null;
}

export type Fetch = typeof fetch;

export function fetchTrusting(trust: Trust | null): Fetch {
  if (trust === null) return fetch;
  let loading: Promise<(input: string, init: object) => Promise<unknown>> | null = null;
  const trusting = async (input: string, init: object): Promise<unknown> => {
    loading ??= load(trust);
    return (await loading)(input, init);
  };
  // The same interface from the same project; Node's types and the package's are two copies of it.
  return trusting as unknown as Fetch;
}

/** The package takes a while to load, and most processes talk over loopback. */
async function load(trust: Trust): Promise<(input: string, init: object) => Promise<unknown>> {
  const { Agent, fetch: fetchBy } = await import('undici');
  const dispatcher = new Agent({ connect: { ...(trust.ca === null ? {} : { ca: trust.ca }), ...trust.own } });
  return (input, init) => fetchBy(input, { ...init, dispatcher });
}
