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
  /** Rejects with why this request may not read it. */
  readonly admit: (request: FastifyRequest) => Promise<unknown>;
}

export function registerMetricsRoute(app: FastifyInstance, { open, page, admit }: MetricsRouteOptions): void {
  app.get('/metrics', async (request, reply) => {
    if (!open) await admit(request);
    const { contentType, text } = await page();
    return reply.header('content-type', contentType).send(text);
  });
}
