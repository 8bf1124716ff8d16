/** What trials' attempts print while they run. */
import { z } from 'zod';
import { TooManyRequests } from '../../access/errors.js';
import { BadRequest } from '../errors.js';
import { positionsIn } from '../log-reader.js';
import type { TrialLogs } from '../trial-logs.js';
import { openStream, type StreamsOptions } from './open-stream.js';
import { route, type Route, type SENT } from './route.js';

/** Of all pages together: each keeps a connection open, and its attempt's worker at telling. */
const MOST_READERS = 100;

const logQuery = z.object({ after: z.string().default('').describe('ATTEMPT:BYTES, as ids of messages are; all that is kept where it is left out') });

export interface LogRoutesOptions extends StreamsOptions {
  readonly logs: TrialLogs;
}

export function logRoutes(options: LogRoutesOptions): readonly Route[] {
  const { logs } = options;
  return [
    route('GET /trials/:trial/log', { right: 'read', summary: 'A stream (text/event-stream) of what its attempts print while they run: messages of the types attempt, text, beat and over', query: logQuery, produces: 'text/event-stream' }, async (_, { params, query, ...exchange }): Promise<typeof SENT> => {
      const said = [exchange.request.headers['last-event-id']].flat()[0] ?? query.after;
      const after = positionsIn(said);
      if (after === null) throw new BadRequest(`after: found ${said.slice(0, 40)}, expected ATTEMPT:BYTES, such as att_x1:4096, the id of a message`);
      const trial = await logs.find(params.trial);
      if (logs.readers >= MOST_READERS) throw new TooManyRequests(10);
      return openStream(options, exchange, (response, mayTell) => {
        const reader = logs.read(trial, after, response, mayTell);
        return { end: () => reader.end(), left: () => reader.end() };
      });
    }),
  ];
}
