/** What the coordinator answers in the place of what was asked for; `Unreachable` where it does not answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  /** 0 where no answer came. */
  readonly status: number;
  /** Of a standby: the address of the coordinator that leads, where it is known. */
  readonly leader: string | null;
  /** What it said of when to ask again, in ms; null where it said nothing. */
  readonly retryAfterMs: number | null;

  constructor(code: string, message: string, status: number, { leader = null, retryAfterMs = null }: { readonly leader?: string | null; readonly retryAfterMs?: number | null } = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.leader = leader;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A mistake of the page's own is `PageError`. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError('PageError', error instanceof Error ? error.message : String(error), 0);
}
