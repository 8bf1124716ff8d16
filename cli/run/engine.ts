/**
 * Which engine trains a sweep. Where this run has the worker, it is one of this machine; where it is
 * attached to another run, one that the workers connected there have: only they train. A new sweep takes
 * the best that is to be had. One that has begun keeps that of its latest revision, whatever was
 * installed since: engines differ, so another one means other
 * epoch keys and training everything anew, which nobody should find out by surprise.
 */
import type { SweepService } from '../../coordinator/api/sweep-service.js';
import type { Preview, SubmitRequest } from '../../coordinator/api/views.js';
import { chooseEngine, choiceText, usableEngines, type EngineFact, type UsableEngine } from '../../worker/engine/choose.js';
import type { EngineName } from '../../worker/engine/names.js';
import { EngineUnusable } from '../../worker/engine/native/errors.js';
import { isPlainNumerics, numericsText } from '../../proto/numerics.js';
import { imageNumerics } from '../../worker/train/numerics.js';

export interface SettledEngine {
  /** With the numerics that were settled. */
  readonly request: SubmitRequest;
  readonly preview: Preview;
  /** Null where no model is trained, or not by this process's worker. */
  readonly engine: UsableEngine | null;
  /** Which and why, for a person; null where no model is trained. */
  readonly line: string | null;
}

export interface EngineQuestion {
  readonly service: Pick<SweepService, 'preview'>;
  readonly request: SubmitRequest;
  readonly facts: readonly EngineFact[];
  readonly forced: EngineName | null;
  /** Of each worker that is connected, what it can train with, the best first; null where this run starts the worker. Empty while none is connected: then this machine's engines are what one that comes will have, most likely. */
  readonly offered: readonly (readonly string[])[] | null;
  /** Whose workers those are (default: another run's on this home). */
  readonly fleet?: Fleet;
}

/** Workers that this process did not start. */
export interface Fleet {
  /** E.g. `the coordinator at https://…`. */
  readonly of: string;
  /** What to do where none of them has an engine. */
  readonly remedy: string;
}

/** The numerics of what an engine trains, before one was chosen. */
export const UNDECIDED = 'undecided';

const RUN_ON_THIS_HOME: Fleet = { of: 'the run on this home', remedy: 'end that run and start this one again' };

/** Throws EngineUnusable where --engine names one that cannot be used, or the sweep's own cannot and there is something left to train. */
export async function settleEngine(question: EngineQuestion): Promise<SettledEngine> {
  const { service, request, facts, forced, offered } = question;
  if (request.numerics !== UNDECIDED) return { request, preview: await service.preview(request), engine: null, line: null };
  if (offered !== null && offered.length > 0) return settleAttached(question, offered);
  const chosen = chooseEngine(facts, forced);
  const settled = await withNumerics(service, request, imageNumerics(chosen.engine.numerics));
  const began = settled.preview.existing?.numerics ?? null;
  if (began === null || began === settled.request.numerics) return { ...settled, engine: chosen.engine, line: choiceText(chosen) };
  if (forced !== null) return { ...settled, engine: chosen.engine, line: `${chosen.engine.label}, as --engine says; the sweep was last submitted with ${numericsText(began)}, whose epochs do not count here` };
  return keepEngine(question, began, settled.preview.name);
}

async function keepEngine({ service, request, facts }: EngineQuestion, began: string, name: string): Promise<SettledEngine> {
  const usable = usableEngines(facts);
  const kept = await withNumerics(service, request, began);
  const same = usable.find(({ numerics }) => imageNumerics(numerics) === began);
  if (same !== undefined) {
    const better = usable[0] === same ? '' : `; --engine ${usable[0]?.kind ?? ''} trains it anew with ${usable[0]?.label ?? ''}`;
    return { ...kept, engine: same, line: `${same.label}: the sweep was last submitted with it${better}` };
  }
  if (kept.preview.work.length === 0 && kept.preview.proposed === null) return { ...kept, engine: null, line: `${numericsText(began)}: the sweep was trained with it; nothing is left to train` };
  const kind = kindOf(began);
  const next = usable.find((engine) => engine.kind === kind);
  if (next !== undefined) {
    const settled = await withNumerics(service, request, imageNumerics(next.numerics));
    return { ...settled, engine: next, line: `${next.label}: the sweep was last submitted with ${numericsText(began)}, which is not here any more; it is trained anew` };
  }
  const problem = facts.find(({ usable: none, found }) => none === null && found !== null)?.problem ?? null;
  throw new EngineUnusable(`sweep ${name} was last submitted with ${numericsText(began)}`, {
    found: problem === null ? 'no native engine is installed here' : `which cannot be used: ${problem.found}`,
    remedy: `${problem === null ? 'install it again: trawl engine install' : problem.remedy}; or train the sweep anew with --engine wasm`,
  });
}

async function withNumerics(service: Pick<SweepService, 'preview'>, request: SubmitRequest, numerics: string): Promise<{ readonly request: SubmitRequest; readonly preview: Preview }> {
  const settled = { ...request, numerics };
  return { request: settled, preview: await service.preview(settled) };
}

/** By the connected workers alone: what else this machine has trains nothing there. */
async function settleAttached({ service, request, forced, fleet = RUN_ON_THIS_HOME }: EngineQuestion, offered: readonly (readonly string[])[]): Promise<SettledEngine> {
  const all = [...new Set(offered.flat())].filter((numerics) => !isPlainNumerics(numerics));
  // Eager is for those who ask.
  const fitting = all.filter((numerics) => (forced === null ? kindOf(numerics) !== 'eager' : kindOf(numerics) === forced));
  const best = fitting.find((numerics) => numerics.startsWith('graph:') && numerics.split(':')[2] === 'gpu') ?? fitting.find((numerics) => numerics.startsWith('graph:')) ?? fitting[0];
  if (best === undefined) {
    const found = `the workers of ${fleet.of} have ${all.map(numericsText).join(', ')}`;
    if (forced === null) return goOnEagerly(service, request, all, { found, remedy: `take it with --engine eager, or ${fleet.remedy}` });
    throw new EngineUnusable(`--engine ${forced}`, { found, remedy: `leave --engine out, or ${fleet.remedy}` });
  }
  const settled = await withNumerics(service, request, best);
  const began = settled.preview.existing?.numerics ?? null;
  if (began === null || began === best) return { ...settled, engine: null, line: `${numericsText(best)}, of the workers of ${fleet.of}` };
  if (forced !== null) return { ...settled, engine: null, line: `${numericsText(best)}, as --engine says; the sweep has begun with ${numericsText(began)}, whose epochs do not count here` };
  const kept = await withNumerics(service, request, began);
  if (all.includes(began)) return { ...kept, engine: null, line: `${numericsText(began)}: the sweep has begun with it` };
  if (kept.preview.work.length === 0 && kept.preview.proposed === null) return { ...kept, engine: null, line: `${numericsText(began)}: the sweep was trained with it; nothing is left to train` };
  throw new EngineUnusable(`sweep ${settled.preview.name} has begun with ${numericsText(began)}`, {
    found: `the workers of ${fleet.of} have ${all.map(numericsText).join(', ')}`,
    remedy: `${fleet.remedy}, or train the sweep anew with --engine ${kindOf(best)}`,
  });
}

/** Where the connected workers have eager alone: for a sweep that has begun with it. Throws EngineUnusable for any other. */
async function goOnEagerly(service: Pick<SweepService, 'preview'>, request: SubmitRequest, all: readonly string[], problem: { readonly found: string; readonly remedy: string }): Promise<SettledEngine> {
  for (const numerics of all) {
    const kept = await withNumerics(service, request, numerics);
    if (kept.preview.existing?.numerics === numerics) return { ...kept, engine: null, line: `${numericsText(numerics)}: the sweep has begun with it` };
  }
  throw new EngineUnusable('eager is only taken where it is asked for', problem);
}

function kindOf(numerics: string): string {
  return numerics.split(':')[0] ?? '';
}
