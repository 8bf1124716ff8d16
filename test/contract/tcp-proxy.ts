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
  /** How long everything is on its way, in each direction. In order all the same. */
  delayMs: number;
  /** Chance of each piece of data to get lost half way, and its connection with it: TCP would not deliver what follows. */
  loss: number;
  /** Where on a connection data next flow towards the coordinator, bytes that nobody sent come before them. */
  spoil(): void;
  close(): Promise<void>;
}

/** Between a worker and the coordinator at `target`. `random` draws losses, uniform in [0, 1). */
export async function startTcpProxy(target: string, random: () => number = Math.random): Promise<TcpProxy> {
  const [host, port] = target.split(':') as [string, string];
  const sockets = new Set<Socket>();
  let muted = false;
  let spoils = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const pass = (bytes: Buffer, to: Socket): void => {
    if (random() < proxy.loss) {
      to.write(bytes.subarray(0, bytes.length / 2));
      to.resetAndDestroy();
    } else if (proxy.delayMs === 0) to.write(bytes);
    else setTimeout(() => to.destroyed || to.write(bytes), proxy.delayMs);
  };
  const server = createServer((near) => {
    keep(near);
    if (!proxy.accepting) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(Number(port), host);
    keep(far);
    near.on('data', (bytes) => {
      if (spoils) far.write(Buffer.from('nobody has sent this'));
      spoils = false;
      pass(bytes, far);
    });
    far.on('data', (bytes) => {
      if (!muted) pass(bytes, near);
    });
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: TcpProxy = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepting: true,
    delayMs: 0,
    loss: 0,
    cut() {
      muted = false;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    muteAnswers() {
      muted = true;
    },
    spoil() {
      spoils = true;
    },
    async close() {
      proxy.cut();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
