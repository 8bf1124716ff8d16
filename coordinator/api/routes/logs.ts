/** What trials' attempts print while they run. */
import { z } from 'zod';
import type { Access } from '../../access/access.js';
import { TooManyRequests } from '../../access/errors.js';
import type { Sessions } from '../../access/sessions.js';
import { proofOf } from '../browser.js';
import { BadRequest } from '../errors.js';
import { openEventStream } from '../server-sent-events.js';
import { positionsIn } from '../log-reader.js';
import type { TrialLogs } from '../trial-logs.js';
import { route, SENT, type Route } from './route.js';

/** Of all pages together: each keeps a connection open, and its attempt's worker at telling. */
const MOST_READERS = 100;

const logQuery = z.object({ after: z.string().default('').describe('ATTEMPT:BYTES, as ids of messages are; all that is kept where it is left out') });

export interface LogRoutesOptions {
  readonly access: Pick<Access, 'watch'>;
  readonly sessions: Sessions;
  readonly logs: TrialLogs;
}

export function logRoutes({ access, sessions, logs }: LogRoutesOptions): readonly Route[] {
  return [
    route('GET /trials/:trial/log', { right: 'read', summary: 'A stream (text/event-stream) of what its attempts print while they run: messages of the types attempt, text, beat and over', query: logQuery, produces: 'text/event-stream' }, async (_, { params, query, identity, request, reply }): Promise<typeof SENT> => {
      const said = [request.headers['last-event-id']].flat()[0] ?? query.after;
      const after = positionsIn(said);
      if (after === null) throw new BadRequest(`after: found ${said.slice(0, 40)}, expected ATTEMPT:BYTES, such as att_x1:4096, the id of a message`);
      const trial = await logs.find(params.trial);
      if (logs.readers >= MOST_READERS) throw new TooManyRequests(10);
      const raw = openEventStream(reply);
      const { session } = proofOf(request, sessions);
      const reader = logs.read(trial, after, raw, () => session === null || !sessions.isOver(session));
      const unwatch = identity === null ? () => undefined : access.watch(identity, () => reader.end());
      const leave = (): void => {
        unwatch();
        reader.end();
      };
      raw.on('close', leave);
      // Who has left before was not told of.
      if (raw.destroyed) leave();
      return SENT;
    }),
  ];
}
