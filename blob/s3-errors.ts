/** What a server of S3 says, in words that tell what to mend. */
import { CodedError } from '../proto/coded-error.js';
import type { BlobId } from '../proto/work.js';
import { BlobMismatchError, BlobNotFoundError, BlobUnavailableError, DiskFullError } from './errors.js';
import type { S3Location } from './location.js';

/** The bucket cannot be used as it is. */
export class BucketUnusable extends CodedError {
  readonly code = 'BucketUnusable';
  constructor({ bucket, prefix, endpoint }: S3Location, why: string, options?: ErrorOptions) {
    super(`the blob store s3://${bucket}/${prefix}${endpoint === null ? '' : ` at ${endpoint}`} cannot be used: ${why}`, options);
  }
}

/** As much of an SDK's error as is looked at. */
interface Said {
  readonly name: string;
  readonly message: string;
  readonly status: number | null;
  /** The region that the bucket is in, where the server says so. */
  readonly region: string | null;
}

const REFUSED_CREDENTIALS = new Set(['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidToken', 'ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'UnrecognizedClientException']);
const OTHER_REGION = new Set(['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException', 'TemporaryRedirect']);
/** Of MinIO and Ceph. */
const FULL = new Set(['XMinioStorageFull', 'QuotaExceeded', 'XMinioAdminBucketQuotaExceeded']);

export function isMissing(error: unknown): boolean {
  const { name, status } = said(error);
  return name === 'NoSuchKey' || name === 'NotFound' || (status === 404 && name !== 'NoSuchBucket');
}

/** Why the store cannot be used, and what to mend. */
export function unusable(location: S3Location, error: unknown): BucketUnusable {
  return error instanceof BucketUnusable ? error : new BucketUnusable(location, reason(location, said(error)), { cause: error });
}

/** The error that a failed request for a blob stands for; one of our own stays what it is. */
export function meaningOf(id: BlobId, location: S3Location, error: unknown): unknown {
  if (error instanceof BlobMismatchError || error instanceof BlobUnavailableError || error instanceof BlobNotFoundError) return error;
  const what = said(error);
  // Thrown by the source of an upload: nobody answered anything.
  if (what.status === null && !isOfTheSdk(error)) return error;
  if (isMissing(error)) return new BlobNotFoundError(id);
  if (FULL.has(what.name) || what.status === 507) return new DiskFullError(`blob ${id} in s3://${location.bucket}`, what.name, { cause: error });
  return new BlobUnavailableError(`blob ${id}`, `s3://${location.bucket}: ${reason(location, what)}`, { cause: error });
}

function reason({ bucket, prefix, endpoint, region }: S3Location, { name, message, status, region: bucketRegion }: Said): string {
  if (name === 'NoSuchBucket') return `there is no bucket ${bucket}: create it, or mend its name in --blobs`;
  if (REFUSED_CREDENTIALS.has(name)) return `the credentials are refused (${name}): mend AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile that is used`;
  if (name === 'CredentialsProviderError' || /could not load credentials/i.test(message)) return 'no credentials are found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE';
  if (/region is missing/i.test(message)) return 'its region is not known: add ?region=REGION to --blobs, or set AWS_REGION';
  if (OTHER_REGION.has(name) || status === 301) return `the bucket is in ${bucketRegion === null ? 'another region' : `region ${bucketRegion}`}${region === null ? '' : `, not in ${region}`}: add ?region=${bucketRegion ?? 'REGION'} to --blobs, or set AWS_REGION`;
  if (status === 403) return `permission is denied (${name}): allow s3:GetObject, s3:PutObject and s3:DeleteObject on ${bucket}/${prefix}* and s3:ListBucket on ${bucket} to these credentials`;
  if (status === null) return `no answer from ${endpoint ?? 'Amazon'} (${message || name}): check the endpoint in --blobs and the network`;
  return `${name}: ${message} (status ${status})`;
}

function isOfTheSdk(error: unknown): boolean {
  return error instanceof Error && ('$metadata' in error || error.name === 'CredentialsProviderError' || /region is missing|could not load credentials/i.test(error.message) || /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENETUNREACH|EPIPE)/.test(codeOf(error)) || error.name === 'TimeoutError');
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function said(error: unknown): Said {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), status: null, region: null };
  const { $metadata, $response, Region } = error as Error & { $metadata?: { httpStatusCode?: number }; $response?: { headers?: { [name: string]: string } }; Region?: string };
  const message = error instanceof AggregateError ? error.errors.map((each: unknown) => (each instanceof Error ? each.message : String(each))).join('; ') : error.message;
  return { name: error.name, message, status: $metadata?.httpStatusCode ?? null, region: Region ?? $response?.headers?.['x-amz-bucket-region'] ?? null };
}
