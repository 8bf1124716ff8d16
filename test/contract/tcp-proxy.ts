import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface TcpProxy {
  readonly address: string;
  /** Resets every connection that stands, as a pulled cable would in the end. */
  cut(): void;
  /** Swallows what flows towards the worker until the next cut: answers get lost, reports do not. */
  muteAnswers(): void;
  /** New connections are reset while this is false. */
  accepting: boolean;
  close(): Promise<void>;
}

/** Between a worker and the coordinator at `target`. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const [host, port] = target.split(':') as [string, string];
  const sockets = new Set<Socket>();
  let muted = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    keep(near);
    if (!proxy.accepting) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(Number(port), host);
    keep(far);
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => {
      if (!muted) near.write(bytes);
    });
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: TcpProxy = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepting: true,
    cut() {
      muted = false;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    muteAnswers() {
      muted = true;
    },
    async close() {
      proxy.cut();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
