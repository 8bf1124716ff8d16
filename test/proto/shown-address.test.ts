import assert from 'node:assert/strict';
import { it } from 'node:test';
import { shownAddress } from '../../proto/shown-address.js';

it('an address is told without what may be a secret in it, well-formed or not', () => {
  const shown: { readonly [given: string]: string } = {
    's3://AKIA:abc/def+ghi@bucket/pre': 's3://***@bucket/pre',
    's3://bucket/pre?accessKey=s3cret': 's3://bucket/pre?***',
    's3://bucket?endpoint=https://KEY:SECRET@minio': 's3://***',
    'nats://u:p/w@host': 'nats://***@host',
    'nats://u:p@ss@host:4222': 'nats://***@host:4222',
    'nats://u:p?w@host': 'nats://***',
    'nats://host,nats://ada:s3cret@b/c': 'nats://***@b/c',
    'ada:s3cret@host': '***@host',
    'postgres://h/db?user=u&password=s3cret': 'postgres://h/db?***',
    'postgres://h/db?password=s3@cret': 'postgres://***',
    'postgres://u:p@ss@h:5432/db': 'postgres://***@h:5432/db',
    'host=h password=s3cret': 'host=***',
    'postgres://db:5432/trawl': 'postgres://db:5432/trawl',
    'localhost:4222': 'localhost:4222',
  };
  assert.deepEqual(Object.fromEntries(Object.keys(shown).map((given) => [given, shownAddress(given)])), shown);
});
