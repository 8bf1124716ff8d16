/** Errors of the application service. Others pass through from the store and the sweep file with their own codes. */
import { CodedError } from '../../proto/coded-error.js';

export class SweepNotFound extends CodedError {
  readonly code = 'SweepNotFound';
  constructor(name: string) {
    super(`no sweep with the name or id ${name}; \`trawl ls\` lists them`);
  }
}

export class TrialNotFound extends CodedError {
  readonly code = 'TrialNotFound';
  constructor(id: string) {
    super(`no trial with the id ${id}; \`trawl trials SWEEP\` lists a sweep's trials, and SWEEP/NUMBER (or SWEEP#NUMBER) names one too`);
  }
}

export class TokenNotFound extends CodedError {
  readonly code = 'TokenNotFound';
  constructor(id: string) {
    super(`no token with the id ${id}; \`trawl token ls\` lists them`);
  }
}

export class DataSetNotFound extends CodedError {
  readonly code = 'DataSetNotFound';
  constructor(id: string) {
    super(`no sweep trains on a data set with the id ${id.slice(0, 100)}; GET /datasets lists them`);
  }
}

export class ImageNotFound extends CodedError {
  readonly code = 'ImageNotFound';
  constructor(index: number, images: number) {
    super(`image: found ${index}, expected an index from 0 to ${images - 1}`);
  }
}

/** The sweep has nothing that could be combined. */
export class NoEnsemble extends CodedError {
  readonly code = 'NoEnsemble';
}

/** No predictions are stored of the trial. */
export class NoPredictions extends CodedError {
  readonly code = 'NoPredictions';
}

export class BadRequest extends CodedError {
  readonly code = 'BadRequest';
}

const statusByCode: { readonly [code: string]: number } = {
  Unauthorized: 401,
  TokenExpired: 401,
  TokenRevoked: 401,
  Forbidden: 403,
  LoginCodeUnknown: 401,
  RequestHeaderMissing: 403,
  TooManyRequests: 429,
  ForeignHost: 421,
  CertificateMissing: 403,
  BlobNotLeased: 403,
  SweepNotFound: 404,
  DataSetNotFound: 404,
  ImageNotFound: 404,
  TokenNotFound: 404,
  TrialNotFound: 404,
  NotFound: 404,
  WorkerNotFound: 404,
  WorkerAmbiguous: 409,
  BadRequest: 400,
  FileTooLarge: 422,
  UnreadableImage: 422,
  BadSweep: 400,
  IllegalTransition: 409,
  NoEnsemble: 409,
  NoPredictions: 409,
  ModelProcessEnded: 503,
  StaleWrite: 409,
  NoteChanged: 409,
  TooManyTags: 409,
  NotLeader: 503,
  TokensUnavailable: 503,
  SignOutNotKept: 503,
  LeasesUnsettled: 503,
  BlobNotFound: 404,
  DiskFull: 507,
  DatabaseFull: 507,
};

/** The stable code of an error of ours; null for one that nobody foresaw. */
export function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null;
  // Node's own errors carry codes as well, in capitals: ECONNREFUSED, ERR_…, and Postgres' are five characters.
  return /^[A-Z][a-z][A-Za-z]+$/.test(error.code) ? error.code : null;
}

export function httpStatus(code: string | null): number {
  return code === null ? 500 : (statusByCode[code] ?? 500);
}
