/**
 * What a trial claims of the forest, as counts on the epochs of its path: those it wants trained
 * (`wanted`), where its path ends (`ends`) and which one it may be measured by (`pins`). Spans are cut
 * and checkpoints kept by these counts, so each claim is given up exactly once.
 */
import type { EpochNode } from '../stage/forest.js';
import type { TrialRun } from './model.js';

/** Of a trial that is to be trained. */
export function claimPath(trial: TrialRun): void {
  countEnd(trial, 1);
  for (const node of trial.nodes) node.wanted += 1;
}

/** Of a trial that has completed: its last and its chosen epoch stay. */
export function claimEnd(trial: TrialRun): void {
  countEnd(trial, 1);
  pin(trial, trial.chosen);
}

/** Its path now ends where its fold did; the planned epochs after it are not wanted by this trial. */
export function leaveEarly(trial: TrialRun): void {
  countEnd(trial, -1);
  trial.length = trial.fold.epochs;
  countEnd(trial, 1);
  giveUpPath(trial);
}

/** A trial that had left early trains on after all. */
export function goOn(trial: TrialRun): void {
  countEnd(trial, -1);
  trial.length = trial.nodes.length;
  claimPath(trial);
}

export function giveUpPath(trial: TrialRun): void {
  for (const node of trial.nodes) node.wanted -= 1;
}

export function giveUpEnd(trial: TrialRun): void {
  countEnd(trial, -1);
  pin(trial, null);
}

/** The one epoch whose checkpoint is kept for the trial's measure; null for none. */
export function pin(trial: TrialRun, node: EpochNode | null): void {
  if (trial.pinned === node) return;
  if (trial.pinned !== null) trial.pinned.pins -= 1;
  if (node !== null) node.pins += 1;
  trial.pinned = node;
}

function countEnd(trial: TrialRun, change: 1 | -1): void {
  const last = trial.nodes[trial.length - 1];
  if (last !== undefined) last.ends += change;
}
