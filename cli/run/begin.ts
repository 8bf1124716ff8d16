/** The one way in which a file becomes a sweep that runs: `trawl run` and `trawl submit` go it. */
import type { SweepService } from '../../coordinator/api/sweep-service.js';
import type { Submitted, SubmitRequest, SweepView } from '../../coordinator/api/views.js';

export interface Begun {
  readonly sweep: SweepView;
  readonly change: Submitted['change'];
}

/** Submits, and resumes what was paused or stopped. */
export async function beginSweep(service: SweepService, request: SubmitRequest, say: (line: string) => void): Promise<Begun> {
  const { id, change } = await service.submit(request);
  const sweep = await service.sweep(id);
  if (sweep.state !== 'paused' && sweep.state !== 'stopped') return { sweep, change };
  await service.setState(id, 'running');
  say(`resuming a sweep that was ${sweep.state}`);
  return { sweep: await service.sweep(id), change };
}
