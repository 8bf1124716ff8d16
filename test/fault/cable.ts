/** A cable to a Postgres server that can be pulled: whatever is on the way stays there, and no end learns of it. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Cable {
  /** The database by way of the cable. */
  readonly url: string;
  pull(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function cableTo(databaseUrl: string): Promise<Cable> {
  const direct = new URL(databaseUrl.replace('@/', '@socket/'));
  const folder = direct.searchParams.get('host');
  const port = direct.searchParams.get('port') ?? direct.port;
  const pairs = new Set<readonly [Socket, Socket]>();
  let pulled = false;
  const server = createServer((near) => {
    const far = folder === null ? connect(Number(port), direct.hostname) : connect(`${folder}/.s.PGSQL.${port}`);
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [far, near]] as const) {
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => undefined);
      from.on('close', () => {
        if (pulled) return;
        pairs.delete(pair);
        to.destroy();
      });
      if (pulled) from.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(direct);
  url.search = '';
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    pull() {
      pulled = true;
      for (const socket of [...pairs].flat()) socket.pause();
    },
    mend() {
      pulled = false;
      for (const pair of [...pairs]) {
        // What one end has given up is refused to the other as soon as it speaks again.
        if (pair.some(({ destroyed }) => destroyed)) {
          pairs.delete(pair);
          for (const socket of pair) socket.destroy();
        } else for (const socket of pair) socket.resume();
      }
    },
    async close() {
      for (const socket of [...pairs].flat()) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
