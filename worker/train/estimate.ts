/**
 * What a training step costs on this machine: a few timed steps per case, in a process of its own, so
 * that whoever asks (the command line, before a sweep starts) neither blocks nor keeps the memory.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LIFELINE } from '../../proto/lifeline.js';
import { packageRoot } from '../../proto/package-root.js';
import type { ImageEpochSettings, ImageTrajectory } from '../../proto/work.js';
import type { UsableEngine } from '../engine/choose.js';
import { jsonLine } from '../engine/native/json-line.js';
import { libraryPath, nativeEnvironment } from '../engine/native/load.js';

export interface EstimateCase {
  readonly trajectory: ImageTrajectory;
  readonly settings: Pick<ImageEpochSettings, 'batch' | 'dropout' | 'base' | 'augment'>;
}

export interface StepEstimate {
  /** Which of the cases. */
  readonly index: number;
  readonly msPerStep: number;
  /** Of each image before the first step, where the features of a frozen base are kept; 0 elsewhere. */
  readonly msPerImageOnce: number;
  /** Memory of the compiled model. */
  readonly bytes: number;
}

/** What estimate-main reads on standard input. */
export interface EstimateRequest {
  readonly engine: UsableEngine;
  readonly budgetMs: number;
  readonly cases: readonly EstimateCase[];
}

/** Past its budget by more than this, the process is ended in the middle of a step. */
const GRACE_MS = 2_000;

/**
 * Estimates in the order of the cases; those that the budget did not reach, and those that do not fit
 * into memory, are missing. Never rejects for a model that cannot be timed: an estimate is a courtesy.
 * Rejects with the signal's reason when it aborts.
 */
export async function estimateSteps(request: EstimateRequest, signal?: AbortSignal): Promise<StepEstimate[]> {
  signal?.throwIfAborted();
  if (request.cases.length === 0) return [];
  const module = join(packageRoot(), 'dist', 'worker', 'train', 'estimate-main.js');
  const child = spawn(process.execPath, ['--expose-gc', module], { stdio: ['pipe', 'pipe', 'ignore', 'pipe'], env: { PATH: process.env.PATH, [LIFELINE]: '3', ...(request.engine.native === null ? {} : nativeEnvironment(request.engine.gpus[0]?.uuid ?? null)), ...libraryPath(request.engine.native) } });
  const kill = (): void => void child.kill('SIGKILL');
  const deadline = setTimeout(kill, request.budgetMs + GRACE_MS);
  signal?.addEventListener('abort', kill);
  const closed = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
  // A process that died at once reads nothing; its end is what counts.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(JSON.stringify(request));
  const estimates: StepEstimate[] = [];
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = jsonLine(text) as StepEstimate | null;
      if (line !== null) estimates.push(line);
    });
  }
  await closed;
  clearTimeout(deadline);
  signal?.removeEventListener('abort', kill);
  signal?.throwIfAborted();
  return estimates;
}
