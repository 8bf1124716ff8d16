/** How every stream of events begins and ends: with who asked for it, whose right to it may end before it does. */
import type { ServerResponse } from 'node:http';
import type { Access } from '../../access/access.js';
import type { Sessions } from '../../access/sessions.js';
import { openEventStream } from '../server-sent-events.js';
import { SENT, type Exchange } from './route.js';

export interface StreamsOptions {
  readonly access: Pick<Access, 'watch'>;
  readonly sessions: Sessions;
}

export interface OpenStream {
  /** Whoever asked may hear no more. Idempotent. */
  readonly end: () => void;
  /** Whoever asked has gone. Idempotent. */
  readonly left: () => void;
}

/** `begin`: tells on the response, asking `mayTell` before everything that it tells. `begun`: whoever asked may leave before it settles; rejects never. */
export async function openStream({ access, sessions }: StreamsOptions, { identity, session, reply }: Exchange, begin: (response: ServerResponse, mayTell: () => boolean) => OpenStream & { readonly begun?: Promise<void> }): Promise<typeof SENT> {
  const response = openEventStream(reply);
  const stream = begin(response, () => session === null || !sessions.isOver(session));
  const unwatch = identity === null ? () => undefined : access.watch(identity, stream.end);
  const leave = (): void => {
    unwatch();
    stream.left();
  };
  response.on('close', leave);
  await stream.begun;
  // Who has left before was not told of.
  if (response.destroyed) leave();
  return SENT;
}
