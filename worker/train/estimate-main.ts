/**
 * Reads an EstimateRequest from standard input and prints a JSON line per case as it is timed:
 * {"index", "msPerStep", "msPerImageOnce", "bytes"}. Begins no case after the budget is used up; a case that cannot be
 * compiled here is left out.
 */
import { text } from 'node:stream/consumers';
import { holdLifeline } from '../../proto/lifeline.js';
import { openEngine } from '../engine/open.js';
import type { EstimateRequest, StepEstimate } from './estimate.js';
import { timeSteps } from './timed-steps.js';

await holdLifeline();
const began = performance.now();
const collectGarbage = (globalThis as { gc?: () => void }).gc;
const { engine: chosen, budgetMs, cases } = JSON.parse(await text(process.stdin)) as EstimateRequest;
const engine = await openEngine(chosen);
for (const [index, wanted] of cases.entries()) {
  if (performance.now() - began >= budgetMs) break;
  try {
    const estimate: StepEstimate = { index, ...(await timeSteps(engine, wanted)) };
    process.stdout.write(`${JSON.stringify(estimate)}\n`);
  } catch (error) {
    process.stderr.write(`case ${index}: ${error instanceof Error ? error.message : String(error)}\n`);
  }
  collectGarbage?.();
}
