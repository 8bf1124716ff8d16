/** GET /metrics of a worker, for Prometheus, on this machine alone. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { CodedError } from '../../proto/coded-error.js';

const HOST = '127.0.0.1';

/** The port cannot be listened on. */
export class MetricsPortTaken extends CodedError {
  readonly code = 'MetricsPortTaken';
  constructor(port: number, why: string) {
    super(`--metrics-port: port ${port} of ${HOST} cannot be listened on (${why}); choose another, or stop what listens there`);
  }
}

export interface MetricsServer {
  readonly url: string;
  close(): Promise<void>;
}

/** `port` 0 for any that is free. Throws MetricsPortTaken. */
export async function serveMetrics(port: number, page: () => Promise<{ readonly contentType: string; readonly text: string }>): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics' || request.method !== 'GET') {
      response.writeHead(404).end();
      return;
    }
    page().then(
      ({ contentType, text }) => response.writeHead(200, { 'content-type': contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await listening(server, port);
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}/metrics`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function listening(server: Server, port: number): Promise<void> {
  try {
    server.listen(port, HOST);
    await once(server, 'listening');
  } catch (error) {
    throw new MetricsPortTaken(port, error instanceof Error ? error.message : String(error));
  }
}
