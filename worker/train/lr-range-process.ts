/** A range test of learning rates in a process of its own, so that whoever asks is not blocked. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CodedError } from '../../proto/coded-error.js';
import { packageRoot } from '../../proto/package-root.js';
import type { ImageEpochSettings, ImageTrajectory, OutcomeClass } from '../../proto/work.js';
import type { PixelTable } from '../data/pixel-table.js';
import type { UsableEngine } from '../engine/choose.js';
import { jsonLine } from '../engine/native/json-line.js';
import { libraryPath, nativeEnvironment } from '../engine/native/load.js';
import type { LrRange } from './lr-range.js';

export interface LrRangeRequest {
  readonly engine: UsableEngine;
  readonly trajectory: ImageTrajectory;
  /** Of the first epoch; its rates are replaced. */
  readonly settings: ImageEpochSettings;
  readonly pixels: PixelTable;
  readonly range: LrRange;
}

export interface LrRangeStep {
  readonly step: number;
  readonly rate: number;
  /** Of the step's batch; null where it was no number. */
  readonly loss: number | null;
}

/** What lr-range-main prints. */
export type LrRangeLine = LrRangeStep | { readonly error: { readonly class: OutcomeClass; readonly message: string } };

export class LrRangeFailed extends CodedError {
  readonly code = 'LrRangeFailed';
}

/** The steps until the last one or divergence. Throws LrRangeFailed; rejects with the signal's reason when it aborts. */
export async function runLrRange(request: LrRangeRequest, onStep: (step: LrRangeStep) => void, signal: AbortSignal): Promise<LrRangeStep[]> {
  signal.throwIfAborted();
  const module = join(packageRoot(), 'dist', 'worker', 'train', 'lr-range-main.js');
  const native = request.engine.native === null ? {} : { ...nativeEnvironment(request.engine.gpus[0]?.uuid ?? null), ...libraryPath(request.engine.native) };
  const child = spawn(process.execPath, [module], { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: process.env.PATH, ...native } });
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  const closed = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, killedBy) => resolve(killedBy === null ? `it exited with code ${String(code)}` : `it was killed by ${killedBy}`));
  });
  // A process that died at once reads nothing; its end is what counts.
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(request));
  const steps: LrRangeStep[] = [];
  const failures: string[] = [];
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = jsonLine(text) as LrRangeLine | null;
    if (line === null) return;
    if ('error' in line) failures.push(`${line.error.class}: ${line.error.message}`);
    else {
      steps.push(line);
      onStep(line);
    }
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (log = `${log}${chunk}`.slice(-2_000)));
  const end = await closed;
  signal.removeEventListener('abort', kill);
  signal.throwIfAborted();
  if (failures[0] !== undefined) throw new LrRangeFailed(failures[0]);
  if (child.exitCode !== 0) throw new LrRangeFailed(`the training process ended early: ${end}; ${log.trim().split('\n').at(-1) ?? ''}`);
  return steps;
}
