/** GET /metrics, for Prometheus: open at the door for this machine alone; elsewhere to tokens that may look at sweeps. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

export interface MetricsRouteOptions {
  /** To everybody. Where a connection comes from says nothing: it may be that of a reverse proxy. */
  readonly open: boolean;
  readonly page: () => Promise<MetricsPage>;
  /** Why this request may not read it; null where it may. */
  readonly refusal: (request: FastifyRequest) => Promise<{ readonly status: number; readonly code: string; readonly message: string } | null>;
}

export function registerMetricsRoute(app: FastifyInstance, { open, page, refusal }: MetricsRouteOptions): void {
  app.get('/metrics', async (request, reply) => {
    const refused = open ? null : await refusal(request);
    if (refused !== null) return reply.status(refused.status).send({ code: refused.code, message: refused.message });
    const { contentType, text } = await page();
    return reply.header('content-type', contentType).send(text);
  });
}
