import assert from 'node:assert/strict';
import test from 'node:test';
import { Addresses, hostPorts, httpUrls } from '../../proto/addresses.js';

test('whoever fails at an address leaves it for the next, once, however many failed there', () => {
  const addresses = new Addresses(['a', 'b', 'c']);
  assert.equal(addresses.current, 'a');
  addresses.leave('a');
  addresses.leave('a');
  assert.equal(addresses.current, 'b');
  addresses.leave('b');
  addresses.leave('c');
  assert.equal(addresses.current, 'a');
});

test('addresses are read one by one, and none is taken that is no address', () => {
  assert.deepEqual(hostPorts('one:7077'), ['one:7077']);
  assert.deepEqual(hostPorts('one:7077, [::1]:7078'), ['one:7077', '[::1]:7078']);
  for (const text of ['', 'one', 'one:', 'one:7077,', 'one:99999', 'http://one:7077', 'one:7077;two:7077']) assert.equal(hostPorts(text), null, text);
  assert.deepEqual(httpUrls('http://one:80,https://two'), ['http://one:80', 'https://two']);
  for (const text of ['', 'one:80', 'http://one,', 'ftp://one']) assert.equal(httpUrls(text), null, text);
});
