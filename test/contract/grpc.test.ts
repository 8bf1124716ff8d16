import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { ListenError } from '../../coordinator/dispatch/carrier.js';
import { grpcCarrier } from '../../coordinator/dispatch/grpc.js';
import { grpcLink } from '../../worker/link/grpc.js';
import { accessBy } from '../support/access.js';
import { carrierContract } from './carrier.js';

const nobody = { opened: () => undefined, received: () => undefined, closed: () => undefined };

carrierContract({
  name: 'gRPC',
  async startCoordinatorSide({ token, port, handler }) {
    const carrier = grpcCarrier({ host: '127.0.0.1', port, doorkeeper: accessBy(token) });
    const { address } = await carrier.start(handler);
    return { address, stop: () => carrier.stop() };
  },
  makeLink: (options) => grpcLink(options),
  async sendGarbage(address, token) {
    const client = new Client(address, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const asIs = (bytes: Buffer): Buffer => bytes;
    const call = client.makeBidiStreamRequest('/trawl.v1.Trawl/Session', asIs, asIs, metadata);
    call.resume();
    call.write(Buffer.from('this is no protobuf, and no frame either'));
    const [error] = (await once(call, 'error')) as [ServiceError];
    client.close();
    return error.details;
  },
});

describe('the gRPC carrier alone', () => {
  it('says which address is taken', async (context) => {
    const first = grpcCarrier({ host: '127.0.0.1', port: 0, doorkeeper: accessBy('t') });
    context.after(() => first.stop());
    const { address } = await first.start(nobody);
    const second = grpcCarrier({ host: '127.0.0.1', port: Number(address.split(':')[1]), doorkeeper: accessBy('t'), retryForMs: 0 });
    await assert.rejects(second.start(nobody), (error) => error instanceof ListenError && error.message.includes(`${address}: the port is taken`));
  });

  it('takes a port as soon as a former coordinator has let go of it', async (context) => {
    const first = grpcCarrier({ host: '127.0.0.1', port: 0, doorkeeper: accessBy('t') });
    const { address } = await first.start(nobody);
    const second = grpcCarrier({ host: '127.0.0.1', port: Number(address.split(':')[1]), doorkeeper: accessBy('t') });
    context.after(() => second.stop());
    const started = second.start(nobody);
    await first.stop();
    assert.equal((await started).address, address);
  });

  it('survives bytes that are not even HTTP', { timeout: 20_000 }, async (context) => {
    const carrier = grpcCarrier({ host: '127.0.0.1', port: 0, doorkeeper: accessBy('t') });
    context.after(() => carrier.stop());
    const { address } = await carrier.start(nobody);
    const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    socket.write('GET / HTTP/1.1\r\n\r\n'.repeat(100));
    await once(socket, 'close');
    const closed = await new Promise((resolve) => grpcLink({ address, token: 'wrong' }).connect({ received: () => undefined, closed: resolve }));
    assert.equal((closed as { code: string }).code, 'Unauthenticated');
  });
});
