/** The log of what happened, and the stream of what happens. */
import { z } from 'zod';
import { TooManyRequests } from '../../access/errors.js';
import { BadRequest } from '../errors.js';
import { positionIn, type EventFeed, type Start } from '../event-feed.js';
import { EventStream } from '../event-stream.js';
import type { SweepService } from '../sweep-service.js';
import { openStream, type StreamsOptions } from './open-stream.js';
import { route, type Route, type SENT } from './route.js';

/** Of all pages together: each keeps a connection open. */
const MOST_STREAMS = 500;

const pageQuery = z.object({ after: z.coerce.number().int().nonnegative().default(0), limit: z.coerce.number().int().min(1).max(1_000).default(200) });
const streamQuery = z.object({ after: z.string().optional().describe('EVENT or EVENT.SEQ, as ids of messages are; from now on where it is left out'), sweep: z.string().min(1).optional().describe('by its name or id, to be told of it alone') });

export interface EventRoutesOptions extends StreamsOptions {
  readonly feed: EventFeed;
}

export function eventRoutes(options: EventRoutesOptions): readonly Route[] {
  const { feed } = options;
  return [
    route('GET /sweeps/:sweep/events', { right: 'read', summary: 'What happened to it and who did it, oldest first, in pages', query: pageQuery }, (service, { params, query }) => service.events(params.sweep, query)),
    route('GET /events', { right: 'read', summary: 'A stream (text/event-stream) of what happens: messages of the types log, epochs and beat', query: streamQuery, produces: 'text/event-stream' }, async (service, { query, ...exchange }): Promise<typeof SENT> => {
      const after = startOf([exchange.request.headers['last-event-id']].flat()[0] ?? query.after);
      const sweep = query.sweep === undefined ? null : await idOf(service, query.sweep);
      if (feed.listeners >= MOST_STREAMS) throw new TooManyRequests(10);
      return openStream(options, exchange, (response, mayTell) => {
        const stream = new EventStream(response, sweep, mayTell);
        return { end: () => stream.end(), left: () => feed.leave(stream), begun: feed.join(after, stream).catch(() => stream.end()) };
      });
    }),
  ];
}

/** Throws BadRequest. */
function startOf(text: string | undefined): Start | null {
  if (text === undefined || text === '') return null;
  const position = positionIn(text);
  if (position === null) throw new BadRequest(`after: found ${text.slice(0, 40)}, expected EVENT or EVENT.SEQ, such as 1234.56789, the id of a message`);
  return position;
}

async function idOf(service: SweepService, idOrName: string): Promise<string> {
  return (await service.sweep(idOrName)).id;
}
