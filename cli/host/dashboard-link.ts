/** The address of the dashboard, with a code that logs a browser in once: behind the `#`, which browsers send to nobody. */
import type { LoginCode } from '../../coordinator/api/answers.js';

/** `path`: of a view. */
export async function dashboardLink(service: { loginCode(): Promise<LoginCode> }, url: string, path = '/'): Promise<{ readonly url: string; readonly expiresInMs: number }> {
  const { code, expiresInMs } = await service.loginCode();
  return { url: `${url}${path}#login=${code}`, expiresInMs };
}

/** Of a sweep's page. */
export function sweepPath(sweep: string): string {
  return `/sweeps/${encodeURIComponent(sweep)}`;
}
