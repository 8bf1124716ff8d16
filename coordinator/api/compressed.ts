/**
 * Answers in JSON go out compressed to whoever takes that: a visit of a sweep's page reads more of them than of the
 * page. Streams of events, images and files are left as they are, and so is what answers a change: a new token's secret
 * stands in one.
 *
 * Rejected: Brotli, which takes several times as long at the same size; and zlib's usual level, which takes twice as
 * long for a tenth less. The page's own files are compressed when they are built.
 */
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Less goes out in one packet as it is. */
const LEAST_CHARACTERS = 1_024;

const compressed = promisify(gzip);

export function registerCompression(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.method !== 'GET' || typeof payload !== 'string' || payload.length < LEAST_CHARACTERS || !/^application\/json\b/.test(String(reply.getHeader('content-type')))) return payload;
    void reply.header('vary', 'accept-encoding');
    if (!accepts(request, 'gzip')) return payload;
    void reply.header('content-encoding', 'gzip');
    // Off this thread, which has a sweep to lead.
    return compressed(payload, { level: constants.Z_BEST_SPEED });
  });
}

/** By its `accept-encoding` (RFC 9110, section 12.5.3), in which a weight of 0 says no. */
export function accepts(request: FastifyRequest, encoding: 'br' | 'gzip'): boolean {
  return (request.headers['accept-encoding'] ?? '').split(',').some((each) => {
    const [name = '', ...parameters] = each.split(';').map((part) => part.trim().toLowerCase());
    return name === encoding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}
