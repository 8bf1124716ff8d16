import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Access } from '../../../coordinator/access/access.js';
import { TooManyRequests, Unauthorized } from '../../../coordinator/access/errors.js';
import { newSecret } from '../../../coordinator/access/secret.js';
import type { TokenRecord } from '../../../coordinator/store/records.js';

/** With one token in the store beside the home's, `home`. */
class Doors {
  readonly good = newSecret();
  readonly clock = { now: 0 };
  /** Ids that the store was asked for. */
  readonly looked: string[] = [];
  readonly warned: string[] = [];
  noteTokens = async (): Promise<void> => undefined;
  readonly access = new Access({
    store: {
      findTokens: async (ids): Promise<TokenRecord[]> => {
        this.looked.push(...ids);
        const { id, hash } = this.good;
        return ids.includes(id) ? [{ id, name: 'ada', role: 'viewer', hash, createdAt: new Date(0), createdBy: 'test', expiresAt: null, revokedAt: null, lastUsed: null, state: 'valid' }] : [];
      },
      noteTokens: () => this.noteTokens(),
    },
    homeToken: 'home',
    homeActor: 'local',
    logger: { warn: (detail, message) => void this.warned.push(`${message}: ${JSON.stringify(detail)}`) },
    now: () => this.clock.now,
  });

  ask(secret: string, from: string | null = '192.0.2.1'): Promise<unknown> {
    return this.access.require(`Bearer ${secret}`, 'read', from);
  }
}

describe('who may read', () => {
  it('may where the use of the token cannot be noted; the log says so', async () => {
    const doors = new Doors();
    doors.noteTokens = () => Promise.reject(new Error('the disk is full'));
    await doors.ask(doors.good.secret);
    assert.deepEqual(doors.warned, ['the use of a token could not be noted: {"error":"the disk is full"}']);
  });

  it('tokens that nobody made are looked up so often from one address, then without a look refused for a while; those that are known are let in', async () => {
    const doors = new Doors();
    await doors.ask(doors.good.secret);
    const guesses = Array.from({ length: 40 }, () => newSecret());
    const answers = await Promise.allSettled(guesses.map(({ secret }) => doors.ask(secret)));
    const why = answers.map((answer) => (answer.status === 'rejected' ? (answer.reason as Error).constructor : null));
    assert.deepEqual(why, Array.from({ length: 40 }, (_, index) => (index < 30 ? Unauthorized : TooManyRequests)));
    assert.deepEqual(doors.looked, [doors.good.id, ...guesses.slice(0, 30).map(({ id }) => id)]);
    doors.clock.now = 900;
    for (const secret of [doors.good.secret, 'home']) await doors.ask(secret);
    await assert.rejects(doors.ask(newSecret().secret, '192.0.2.2'), Unauthorized);
    await assert.rejects(doors.ask(newSecret().secret), TooManyRequests);
    await assert.rejects(doors.ask(`${doors.good.id}.${'A'.repeat(43)}`), TooManyRequests);
    // What is known of a token counts no more by then.
    doors.clock.now = 2_500;
    await doors.ask(doors.good.secret);
    await assert.rejects(doors.ask(newSecret().secret), Unauthorized);
  });

  it('is not counted for having sent no token, nor for a good one', async () => {
    const doors = new Doors();
    for (let time = 0; time < 40; time += 1) await assert.rejects(doors.access.require(undefined, 'read', '192.0.2.1'), Unauthorized);
    for (let time = 0; time < 40; time += 1) await doors.ask(doors.good.secret);
    await assert.rejects(doors.ask(newSecret().secret), Unauthorized);
  });
});
