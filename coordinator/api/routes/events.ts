/** The log of what happened, and the stream of what happens. */
import { z } from 'zod';
import type { Access } from '../../access/access.js';
import type { Sessions } from '../../access/sessions.js';
import { TooManyRequests } from '../../access/errors.js';
import { proofOf } from '../browser.js';
import { BadRequest } from '../errors.js';
import { positionIn, type EventFeed, type Start } from '../event-feed.js';
import { EventStream } from '../event-stream.js';
import { openEventStream } from '../server-sent-events.js';
import type { SweepService } from '../sweep-service.js';
import { route, SENT, type Route } from './route.js';

/** Of all pages together: each keeps a connection open. */
const MOST_STREAMS = 500;

const pageQuery = z.object({ after: z.coerce.number().int().nonnegative().default(0), limit: z.coerce.number().int().min(1).max(1_000).default(200) });
const streamQuery = z.object({ after: z.string().optional().describe('EVENT or EVENT.SEQ, as ids of messages are; from now on where it is left out'), sweep: z.string().min(1).optional().describe('by its name or id, to be told of it alone') });

export interface EventRoutesOptions {
  readonly access: Pick<Access, 'watch'>;
  readonly sessions: Sessions;
  readonly feed: EventFeed;
}

export function eventRoutes({ access, sessions, feed }: EventRoutesOptions): readonly Route[] {
  return [
    route('GET /sweeps/:sweep/events', { right: 'read', summary: 'What happened to it and who did it, oldest first, in pages', query: pageQuery }, (service, { params, query }) => service.events(params.sweep, query)),
    route('GET /events', { right: 'read', summary: 'A stream (text/event-stream) of what happens: messages of the types log, epochs and beat', query: streamQuery, produces: 'text/event-stream' }, async (service, { query, identity, request, reply }): Promise<typeof SENT> => {
      const after = startOf([request.headers['last-event-id']].flat()[0] ?? query.after);
      const sweep = query.sweep === undefined ? null : await idOf(service, query.sweep);
      if (feed.listeners >= MOST_STREAMS) throw new TooManyRequests(10);
      const raw = openEventStream(reply);
      const { session } = proofOf(request, sessions);
      const stream = new EventStream(raw, sweep, () => session === null || !sessions.isOver(session));
      const unwatch = identity === null ? () => undefined : access.watch(identity, () => stream.end());
      const leave = (): void => {
        unwatch();
        feed.leave(stream);
      };
      raw.on('close', leave);
      await feed.join(after, stream).catch(() => stream.end());
      // Who has left before was not told of.
      if (raw.destroyed) leave();
      return SENT;
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
