/** GET /metrics, for Prometheus: open on loopback, where only this machine can ask; elsewhere to tokens that may look at sweeps. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

export interface MetricsRouteOptions {
  readonly page: () => Promise<MetricsPage>;
  /** Why this request may not read it; null where it may. */
  readonly refusal: (request: FastifyRequest) => Promise<{ readonly status: number; readonly code: string; readonly message: string } | null>;
}

export function registerMetricsRoute(app: FastifyInstance, { page, refusal }: MetricsRouteOptions): void {
  app.get('/metrics', async (request, reply) => {
    const refused = isLoopback(request.socket.localAddress) ? null : await refusal(request);
    if (refused !== null) return reply.status(refused.status).send({ code: refused.code, message: refused.message });
    const { contentType, text } = await page();
    return reply.header('content-type', contentType).send(text);
  });
}

/** Whether a connection that came in at this address came from this machine. */
export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(127\.|::1$|::ffff:127\.)/.test(address);
}
