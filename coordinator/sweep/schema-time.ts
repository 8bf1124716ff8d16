/** Durations as a sweep file writes them. */
import * as z from 'zod';
import { durationPattern } from '../../proto/duration.js';

const DURATION = 'a duration such as 90s, 10m or 1h30m';

export const time = z.string(DURATION).regex(durationPattern, DURATION);
/** More than none. */
export const someTime = time.refine((written) => /[1-9]/.test(written), DURATION);
