/** Where a store of blobs is (`openBlobs` opens it): a folder, or s3://BUCKET/PREFIX?endpoint=URL&region=REGION. */
import { resolve } from 'node:path';
import { CodedError } from '../proto/coded-error.js';
import { shownAddress } from '../proto/shown-address.js';

export interface S3Location {
  readonly bucket: string;
  /** Of every key; '' or with '/' at its end. */
  readonly prefix: string;
  /** Null for Amazon's, or what AWS_ENDPOINT_URL_S3 and its kin say. */
  readonly endpoint: string | null;
  /** Null for what the environment says. */
  readonly region: string | null;
}

export type BlobLocation = { readonly kind: 'folder'; readonly folder: string } | ({ readonly kind: 's3' } & S3Location);

/** What was given is no place for blobs. */
export class BadBlobLocation extends CodedError {
  readonly code = 'BadBlobLocation';
  constructor(found: string, expected: string) {
    super(`--blobs: found ${JSON.stringify(shownAddress(found))}, expected ${expected}`);
  }
}

const S3_FORM = 's3://BUCKET/PREFIX, with ?endpoint=URL&region=REGION where they are not the usual';
/** Of Amazon's rules for names; other servers allow no more. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** A folder becomes absolute. Throws BadBlobLocation. */
export function parseBlobLocation(text: string): BlobLocation {
  if (text === '') throw new BadBlobLocation(text, `a folder, or ${S3_FORM}`);
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { kind: 'folder', folder: resolve(text) };
  if (!URL.canParse(text) || !text.startsWith('s3://')) throw new BadBlobLocation(text, `a folder, or ${S3_FORM}`);
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    throw new BadBlobLocation(text, 'no credentials in the address, which others can read; they come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), a profile or the machine');
  }
  const unknown = [...url.searchParams.keys()].find((name) => name !== 'endpoint' && name !== 'region');
  if (unknown !== undefined) throw new BadBlobLocation(text, `endpoint and region alone after the question mark, not ${unknown}`);
  if (!BUCKET.test(url.host)) throw new BadBlobLocation(text, `${S3_FORM}; a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens`);
  const endpoint = url.searchParams.get('endpoint');
  if (endpoint !== null && !isEndpoint(endpoint)) throw new BadBlobLocation(text, 'an endpoint such as https://minio.example:9000, without credentials, which come from the environment');
  const path = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '');
  return { kind: 's3', bucket: url.hostname, prefix: path === '' ? '' : `${path}/`, endpoint, region: url.searchParams.get('region') };
}

/** It stands in errors and on command lines, so it has no login and no parameters. */
function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '';
}
